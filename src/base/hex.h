// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spandrel::base {

// Lower-case hexadecimal.
std::string HexEncode(std::string_view bytes);

// The bytes of an even number of hexadecimal digits of either case; nothing for anything else.
std::optional<std::string> HexDecode(std::string_view text);

}  // namespace spandrel::base
