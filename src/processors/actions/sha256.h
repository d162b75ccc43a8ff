// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace spandrel::processors {

// SHA-256 in lower-case hexadecimal.
std::string Sha256Hex(std::string_view bytes);

}  // namespace spandrel::processors
