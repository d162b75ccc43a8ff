// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace spandrel::base {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4), hardware-assisted where the processor has SSE4.2.
// `seed` is the CRC of what came before.
uint32_t Crc32c(std::string_view bytes, uint32_t seed = 0);

}  // namespace spandrel::base
