// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/factories.h"

// All extensions there are, but for `query`, which is the server's own.
namespace spandrel::extensions {

pipeline::ExtensionFactory MakeBasicAuthFactory();        // basicauth
pipeline::ExtensionFactory MakeBearerTokenAuthFactory();  // bearertokenauth

}  // namespace spandrel::extensions
