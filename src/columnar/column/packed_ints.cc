// SPDX-License-Identifier: Apache-2.0
#include "columnar/column/packed_ints.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "columnar/column/bit_packing.h"
#include "columnar/disk/fixed.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kMaxValues = size_t{1} << 28;
constexpr size_t kPadding = 8;
// Of an index entry: where the block begins, width, exceptions, their width. The base follows.
constexpr uint32_t kEntrySize = 4 + 1 + 1 + 1;
// Reads of fewer values of a block than this take them one by one.
constexpr uint32_t kFewValues = 8;

constexpr uint32_t GroupsOf(uint32_t rows) {
  return (rows + 7) / 8;
}
constexpr size_t BytesOfBits(size_t bits) {
  return (bits + 7) / 8;
}
unsigned BitsOf(uint64_t value) {
  return 64 - static_cast<unsigned>(std::countl_zero(value));
}

// How a block's differences to its base are laid out.
struct Layout {
  unsigned width = 0;
  unsigned exception_count = 0;
  unsigned exception_width = 0;
};

size_t PackedSize(const Layout& layout, uint32_t rows) {
  return size_t{GroupsOf(rows)} * layout.width + layout.exception_count +
         BytesOfBits(size_t{layout.exception_count} * layout.exception_width);
}

// How many of the differences have each number of bits.
using BitCounts = std::array<uint32_t, 65>;

BitCounts CountBits(std::span<const uint64_t> values, uint64_t base) {
  // Two tables, so that equal neighbours do not wait for each other's count.
  BitCounts even{};
  BitCounts odd{};
  size_t i = 0;
  for (; i + 2 <= values.size(); i += 2) {
    ++even[BitsOf(values[i] - base)];
    ++odd[BitsOf(values[i + 1] - base)];
  }
  if (i < values.size()) ++even[BitsOf(values[i] - base)];
  for (size_t bits = 0; bits < even.size(); ++bits) even[bits] += odd[bits];
  return even;
}

// The smallest layout; of equal ones that with the fewest exceptions.
Layout ChooseLayout(const BitCounts& counts, uint32_t rows) {
  unsigned widest = 64;
  while (widest > 0 && counts[widest] == 0) --widest;
  Layout best{RoundToPackedWidth(widest), 0, 0};
  size_t best_size = PackedSize(best, rows);
  unsigned exceptions = counts[widest];
  for (unsigned width = widest; width-- > 0 && exceptions < rows;) {
    const Layout layout{width, exceptions, RoundToPackedWidth(widest - width)};
    exceptions += counts[width];
    if (!IsPackedWidth(width)) continue;
    const size_t size = PackedSize(layout, rows);
    if (size >= best_size) continue;
    best = layout;
    best_size = size;
  }
  return best;
}

// Writes numbers of one width behind each other.
class BitWriter {
 public:
  BitWriter(char* out, unsigned width) : out_(out), width_(width) {}

  // `value` has no more bits than the width, which is not 0.
  void Put(uint64_t value) {
    word_ |= value << fill_;
    fill_ += width_;
    if (fill_ < 64) return;
    std::memcpy(out_, &word_, sizeof(word_));
    out_ += sizeof(word_);
    fill_ -= 64;
    word_ = fill_ == 0 ? 0 : value >> (width_ - fill_);
  }
  void Finish() { std::memcpy(out_, &word_, BytesOfBits(fill_)); }

 private:
  char* out_;
  const unsigned width_;
  uint64_t word_ = 0;
  unsigned fill_ = 0;
};

void PackLowBits(std::span<const uint64_t> values, uint64_t base, unsigned width, char* out) {
  if (width == 0) return;
  BitWriter writer(out, width);
  const uint64_t mask = LowBits(width);
  for (const uint64_t value : values) writer.Put((value - base) & mask);
  writer.Finish();
}

void PackExceptions(std::span<const uint64_t> values, uint64_t base, const Layout& layout,
                    char* out) {
  char* position = out;
  BitWriter writer(out + layout.exception_count, layout.exception_width);
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t high = (values[i] - base) >> layout.width;
    if (high == 0) continue;
    *position++ = static_cast<char>(i);
    writer.Put(high);
  }
  writer.Finish();
}

void AppendBlock(std::span<const uint64_t> values, uint64_t base, const Layout& layout,
                 std::string* out) {
  const auto rows = static_cast<uint32_t>(values.size());
  const size_t begin = out->size();
  out->resize(begin + PackedSize(layout, rows));
  char* packed = out->data() + begin;
  PackLowBits(values, base, layout.width, packed);
  if (layout.exception_count == 0) return;
  PackExceptions(values, base, layout, packed + size_t{GroupsOf(rows)} * layout.width);
}

void WriteEntry(uint32_t offset, const Layout& layout, uint64_t base, uint32_t base_bytes,
                char* out) {
  std::memcpy(out, &offset, sizeof(offset));
  out[4] = static_cast<char>(layout.width);
  out[5] = static_cast<char>(layout.exception_count);
  out[6] = static_cast<char>(layout.exception_width);
  std::memcpy(out + kEntrySize, &base, base_bytes);
}

std::span<const uint64_t> BlockOf(std::span<const uint64_t> values, size_t block) {
  const size_t first = block * kPackedBlockSize;
  return values.subspan(first, std::min<size_t>(kPackedBlockSize, values.size() - first));
}

std::vector<uint64_t> BasesOf(std::span<const uint64_t> values) {
  std::vector<uint64_t> bases((values.size() + kPackedBlockSize - 1) / kPackedBlockSize);
  for (size_t block = 0; block < bases.size(); ++block) {
    const auto rows = BlockOf(values, block);
    bases[block] = *std::min_element(rows.begin(), rows.end());
  }
  return bases;
}

Status Unreadable() {
  return {StatusCode::kDataLoss, "packed numbers cannot be read"};
}

}  // namespace

void EncodePackedInts(std::span<const uint64_t> values, std::string* out) {
  SPANDREL_CHECK(values.size() <= kMaxValues);
  const std::vector<uint64_t> bases = BasesOf(values);
  const uint64_t min = values.empty() ? 0 : *std::min_element(bases.begin(), bases.end());
  const uint64_t max = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  const uint64_t max_base = values.empty() ? 0 : *std::max_element(bases.begin(), bases.end());
  const auto base_bytes = static_cast<uint32_t>(BytesOfBits(BitsOf(max_base - min)));
  AppendFixed(static_cast<uint32_t>(values.size()), out);
  AppendFixed(base_bytes, out);
  AppendFixed(min, out);
  AppendFixed(max, out);
  if (min == max) return;

  const size_t index = out->size();
  const size_t entry_size = kEntrySize + base_bytes;
  const size_t payload = index + bases.size() * entry_size;
  out->resize(payload);
  for (size_t block = 0; block < bases.size(); ++block) {
    const auto rows = BlockOf(values, block);
    const Layout layout =
        ChooseLayout(CountBits(rows, bases[block]), static_cast<uint32_t>(rows.size()));
    WriteEntry(static_cast<uint32_t>(out->size() - payload), layout, bases[block] - min, base_bytes,
               out->data() + index + block * entry_size);
    AppendBlock(rows, bases[block], layout, out);
  }
  out->append(kPadding, '\0');
}

Result<PackedInts> PackedInts::Parse(std::string_view bytes) {
  FixedReader reader(bytes);
  PackedInts column;
  column.size_ = reader.Take<uint32_t>();
  column.base_bytes_ = reader.Take<uint32_t>();
  column.min_ = reader.Take<uint64_t>();
  column.max_ = reader.Take<uint64_t>();
  if (!reader.ok() || column.size_ > kMaxValues) return Unreadable();
  if (column.base_bytes_ > sizeof(uint64_t) || column.min_ > column.max_) return Unreadable();
  if (column.size_ == 0 && column.max_ != 0) return Unreadable();
  if (column.min_ == column.max_) {
    if (!reader.done()) return Unreadable();
    return column;
  }
  const uint64_t index_size = uint64_t{column.block_count()} * (kEntrySize + column.base_bytes_);
  const std::string_view index = reader.TakeBytes(index_size);
  if (!reader.ok()) return Unreadable();
  column.index_ = index.data();
  column.payload_ = index.data() + index.size();
  const size_t payload_size = static_cast<size_t>(bytes.data() + bytes.size() - column.payload_);
  if (payload_size < kPadding || !column.BlocksAreSound(payload_size - kPadding)) {
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
  const char* entry = index_ + size_t{block} * (kEntrySize + base_bytes_);
  const uint64_t word = LoadWord(entry);
  Block result;
  result.base = min_ + (LoadWord(entry + kEntrySize) & LowBits(base_bytes_ * 8));
  result.packed = payload_ + static_cast<uint32_t>(word);
  result.width = word >> 32 & 0xff;
  result.exception_count = word >> 40 & 0xff;
  result.exception_width = word >> 48 & 0xff;
  result.exception_positions = result.packed + size_t{GroupsOf(RowsOf(block))} * result.width;
  result.exception_bits = result.exception_positions + result.exception_count;
  return result;
}

// True when the blocks lie one behind the other and fill the payload.
bool PackedInts::BlocksAreSound(size_t payload_size) const {
  size_t end = 0;
  for (uint32_t at = 0; at < block_count(); ++at) {
    const Block block = BlockAt(at);
    const Layout layout{block.width, block.exception_count, block.exception_width};
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
  kUnpackFunctions<T>[block.width](block.packed, GroupsOf(rows), static_cast<T>(block.base), out);
  for (uint32_t i = 0; i < block.exception_count; ++i) {
    const uint64_t high = PackedAt(block.exception_bits, block.exception_width, i);
    const auto position = static_cast<uint8_t>(block.exception_positions[i]);
    if (position < rows) out[position] += static_cast<T>(high << block.width);
  }
  const T max = static_cast<T>(max_);
  if (max != max_ || !MayExceedMax(block)) return;
  for (uint32_t group = 0; group < GroupsOf(rows); ++group, out += 8) {
    for (uint32_t i = 0; i < 8; ++i) out[i] = std::min(out[i], max);
  }
}

}  // namespace spandrel::columnar
