// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace spandrel::base {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4), hardware-assisted where the processor has SSE4.2.
// `seed` is the CRC of what came before.
uint32_t Crc32c(std::string_view bytes, uint32_t seed = 0);

// What turning a bit over does to the CRC of so many bytes, whatever they are, by bit: they are
// numbered from the front, eight a byte, the lowest first.
std::vector<uint32_t> Crc32cBitChanges(size_t size);
// The bit that alone makes such a difference, exclusive or, to the CRC of so many bytes; the last
// one if there are several, which takes half a gibibyte.
std::optional<uint64_t> FindCrc32cBit(size_t size, uint32_t difference);

}  // namespace spandrel::base
