// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spandrel::base {

enum class Base64Padding : unsigned char { kPadded, kNone };

// RFC 4648 section 4. gRPC sends binary metadata without padding.
std::string Base64Encode(std::string_view bytes, Base64Padding padding = Base64Padding::kPadded);

// The bytes of base64 text in the standard or the URL-safe alphabet, padded or not; nothing for
// anything else.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace spandrel::base
