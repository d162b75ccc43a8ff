// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace spandrel::base {

// One escape of a Go string (https://go.dev/ref/spec#String_literals): `rest` begins behind the
// backslash. Takes the escape off it and appends to `text` what it stands for; `quote`, which
// encloses the string, may be escaped too. INVALID_ARGUMENT says what is wrong where `rest` begins
// then.
Status TakeGoEscape(std::string_view* rest, char quote, std::string* text);

}  // namespace spandrel::base
