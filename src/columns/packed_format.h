// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "columns/bit_packing.h"

// Constants of columns of packed numbers; docs/formats/columns.md.
namespace spandrel::columns {

inline constexpr size_t kMaxPackedValues = size_t{1} << 28;
// Zeros behind the last block.
inline constexpr size_t kPackedPadding = 8;
// Of an index entry: where the block begins, width, exceptions, their width. The base follows.
inline constexpr uint32_t kPackedEntrySize = 4 + 1 + 1 + 1;

// How a block's differences to its base are laid out: groups of 8 of the low `width` bits, then
// where the exceptions are, a byte each, then what they have above the low bits.
struct PackedLayout {
  unsigned width = 0;
  unsigned exception_count = 0;
  unsigned exception_width = 0;
};

constexpr uint32_t PackedGroups(uint32_t rows) {
  return (rows + 7) / 8;
}
constexpr size_t BytesOfBits(size_t bits) {
  return (bits + 7) / 8;
}
constexpr size_t PackedSize(const PackedLayout& layout, uint32_t rows) {
  return size_t{PackedGroups(rows)} * layout.width + layout.exception_count +
         BytesOfBits(size_t{layout.exception_count} * layout.exception_width);
}

}  // namespace spandrel::columns
