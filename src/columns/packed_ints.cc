// SPDX-License-Identifier: Apache-2.0
#include "columns/packed_ints.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/fixed.h"
#include "columns/packed_format.h"

namespace spandrel::columns {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

// Reads of fewer values of a block than this take them one by one.
constexpr uint32_t kFewValues = 8;

// Lowers the values of `groups` * 8 above `max` to it; there are none but in damaged bytes. All are
// at most `base` and a number of `width` bits.
template <typename T>
void LimitTo(T max, uint64_t base, unsigned width, uint32_t groups, T* values) {
  constexpr unsigned kSignBit = sizeof(T) * 8 - 1;
  if (width < kSignBit && base < LowBits(kSignBit) - LowBits(width)) {
    // Differences that stay below half the range show by their sign what is too large.
    T differences = 0;
    for (const T value : std::span(values, size_t{groups} * 8)) differences |= max - value;
    if (differences >> kSignBit == 0) return;
  }
  for (T& value : std::span(values, size_t{groups} * 8)) value = std::min(value, max);
}

Status Unreadable() {
  return {StatusCode::kDataLoss, "packed numbers cannot be read"};
}

}  // namespace

Result<PackedInts> PackedInts::Parse(std::string_view bytes) {
  base::FixedReader reader(bytes);
  PackedInts column;
  column.size_ = reader.Take<uint32_t>();
  column.base_bytes_ = reader.Take<uint32_t>();
  column.min_ = reader.Take<uint64_t>();
  column.max_ = reader.Take<uint64_t>();
  if (!reader.ok() || column.size_ > kMaxPackedValues) return Unreadable();
  if (column.base_bytes_ > sizeof(uint64_t) || column.min_ > column.max_) return Unreadable();
  if (column.size_ == 0 && column.max_ != 0) return Unreadable();
  if (column.min_ == column.max_) {
    if (!reader.done()) return Unreadable();
    return column;
  }
  const uint64_t index_size =
      uint64_t{column.block_count()} * (kPackedEntrySize + column.base_bytes_);
  const std::string_view index = reader.TakeBytes(index_size);
  if (!reader.ok()) return Unreadable();
  column.index_ = index.data();
  column.payload_ = index.data() + index.size();
  const size_t payload_size = static_cast<size_t>(bytes.data() + bytes.size() - column.payload_);
  if (payload_size < kPackedPadding || !column.BlocksAreSound(payload_size - kPackedPadding)) {
    return Unreadable();
  }
  return column;
}

uint64_t PackedInts::At(uint32_t index) const {
  if (is_constant()) return min_;
  const Block block = BlockAt(index / kPackedBlockSize);
  const uint32_t row = index % kPackedBlockSize;
  uint64_t difference = PackedAt(block.packed, block.width, row);
  if (block.exception_count != 0) {
    const void* found =
        std::memchr(block.exception_positions, static_cast<int>(row), block.exception_count);
    if (found != nullptr) {
      const auto at = static_cast<const char*>(found) - block.exception_positions;
      difference += PackedAt(block.exception_bits, block.exception_width, static_cast<uint32_t>(at))
                    << block.width;
    }
  }
  return std::min(block.base + difference, max_);
}

void PackedInts::Read(uint32_t first, uint32_t count, uint64_t* out) const {
  ReadAs(first, count, out);
}

void PackedInts::Read(uint32_t first, uint32_t count, uint32_t* out) const {
  ReadAs(first, count, out);
}

std::optional<uint32_t> PackedInts::FindEqual(uint64_t value, uint32_t first,
                                              uint32_t count) const {
  if (count == 0 || value < min_ || value > max_) return std::nullopt;
  if (is_constant()) return first;
  std::array<uint64_t, kPackedBlockSize> values;
  for (const uint32_t end = first + count; first < end;) {
    const uint32_t block = first / kPackedBlockSize;
    const uint32_t rows = std::min(end, (block + 1) * kPackedBlockSize) - first;
    if (MayHold(BlockAt(block), value)) {
      ReadAs(first, rows, values.data());
      const std::span<const uint64_t> read(values.data(), rows);
      const auto found = std::find(read.begin(), read.end(), value);
      if (found != read.end()) return first + static_cast<uint32_t>(found - read.begin());
    }
    first += rows;
  }
  return std::nullopt;
}

uint32_t PackedInts::RowsOf(uint32_t block) const {
  return std::min(kPackedBlockSize, size_ - block * kPackedBlockSize);
}

// The base lies at the end of an entry and what follows an entry is at least the padding.
PackedInts::Block PackedInts::BlockAt(uint32_t block) const {
  const char* entry = index_ + size_t{block} * (kPackedEntrySize + base_bytes_);
  const uint64_t word = LoadWord(entry);
  Block result;
  result.base = min_ + (LoadWord(entry + kPackedEntrySize) & LowBits(base_bytes_ * 8));
  result.packed = payload_ + static_cast<uint32_t>(word);
  result.width = word >> 32 & 0xff;
  result.exception_count = word >> 40 & 0xff;
  result.exception_width = word >> 48 & 0xff;
  result.exception_positions = result.packed + size_t{PackedGroups(RowsOf(block))} * result.width;
  result.exception_bits = result.exception_positions + result.exception_count;
  return result;
}

// True when the blocks lie one behind the other and fill the payload.
bool PackedInts::BlocksAreSound(size_t payload_size) const {
  size_t end = 0;
  for (uint32_t at = 0; at < block_count(); ++at) {
    const Block block = BlockAt(at);
    const PackedLayout layout{block.width, block.exception_count, block.exception_width};
    if (block.packed != payload_ + end || layout.exception_count > kPackedBlockSize) return false;
    if (!IsPackedWidth(layout.width) || !IsPackedWidth(layout.exception_width)) return false;
    if (layout.exception_count != 0 && layout.width == 64) return false;
    end += PackedSize(layout, RowsOf(at));
    if (end > payload_size) return false;
  }
  return end == payload_size;
}

bool PackedInts::MayExceedMax(const Block& block) const {
  return block.base > max_ || max_ - block.base < LowBits(block.total_width());
}

bool PackedInts::MayHold(const Block& block, uint64_t value) const {
  if (MayExceedMax(block)) return true;
  return value >= block.base && value - block.base <= LowBits(block.total_width());
}

template <typename T>
void PackedInts::ReadAs(uint32_t first, uint32_t count, T* out) const {
  if (is_constant()) {
    std::fill_n(out, count, static_cast<T>(min_));
    return;
  }
  while (count > 0) {
    const uint32_t block = first / kPackedBlockSize;
    const uint32_t row = first % kPackedBlockSize;
    const uint32_t rows = std::min(kPackedBlockSize - row, count);
    if (rows == kPackedBlockSize) {
      DecodeBlock(block, out);
    } else if (rows < kFewValues) {
      for (uint32_t i = 0; i < rows; ++i) out[i] = static_cast<T>(At(first + i));
    } else {
      std::array<T, kPackedBlockSize> values;
      DecodeBlock(block, values.data());
      std::copy_n(values.data() + row, rows, out);
    }
    first += rows;
    count -= rows;
    out += rows;
  }
}

// `out` has room for a whole block, also when the block is the last and shorter.
template <typename T>
void PackedInts::DecodeBlock(uint32_t block_index, T* out) const {
  const Block block = BlockAt(block_index);
  const uint32_t rows = RowsOf(block_index);
  kUnpackFunctions<T>[block.width](block.packed, PackedGroups(rows), static_cast<T>(block.base),
                                   out);
  for (uint32_t i = 0; i < block.exception_count; ++i) {
    const uint64_t high = PackedAt(block.exception_bits, block.exception_width, i);
    const auto position = static_cast<uint8_t>(block.exception_positions[i]);
    if (position < rows) out[position] += static_cast<T>(high << block.width);
  }
  if (static_cast<T>(max_) != max_ || !MayExceedMax(block)) return;
  LimitTo(static_cast<T>(max_), block.base, block.total_width(), PackedGroups(rows), out);
}

}  // namespace spandrel::columns
