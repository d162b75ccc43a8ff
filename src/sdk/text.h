// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace spandrel::sdk {

bool IsAscii(std::string_view text);

// `text` as a protobuf string may hold it: at most `max_characters` and valid UTF-8, where every
// byte that is not part of a character becomes U+FFFD. One bad byte would otherwise make a
// collector refuse the whole request. Uses `scratch` only when something had to change.
std::string_view CleanText(std::string_view text, uint32_t max_characters, std::string& scratch);

}  // namespace spandrel::sdk
