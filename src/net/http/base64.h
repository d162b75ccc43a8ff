// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spandrel::net {

// Without padding, as gRPC sends binary metadata.
std::string Base64Encode(std::string_view bytes);
// With or without padding; nothing for anything malformed.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace spandrel::net
