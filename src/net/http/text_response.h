// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "net/http/http.h"

namespace spandrel::net {

// An answer for people: `text` as UTF-8, and a line feed.
Response TextResponse(int status, std::string text);

}  // namespace spandrel::net
