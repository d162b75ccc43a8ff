// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "api/http/static_files.h"

namespace spandrel::server {

// The page as it was built into this program; empty when it was built without (SPANDREL_UI=OFF).
// Defined by generated code, see cmake/EmbedPage.cmake.
std::span<const api::EmbeddedFile> EmbeddedPage();

}  // namespace spandrel::server
