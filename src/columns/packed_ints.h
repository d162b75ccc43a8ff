// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

// A column of unsigned 64-bit numbers: blocks of 128, each with its smallest value, the bit width
// of most of the differences and a list of the exceptions that need more bits (PFOR: Zukowski et
// al., "Super-Scalar RAM-CPU Cache Compression", ICDE 2006). docs/formats/columns.md has the bytes.
namespace spandrel::columns {

inline constexpr uint32_t kPackedBlockSize = 128;

// Appends the column to `out`. At most 2^28 values. A column of one value takes 24 bytes.
void EncodePackedInts(std::span<const uint64_t> values, std::string* out);

// A view of an encoded column; valid as long as its bytes. Copies are cheap. Any number of threads
// may read. Indexes must be below size(); reading cannot fail and never yields more than max().
class PackedInts {
 public:
  // Empty.
  PackedInts() = default;

  // Takes exactly the bytes of one column. Checks every block's place and widths, not its values:
  // of damaged bytes, numbers may be wrong and below min().
  static base::Result<PackedInts> Parse(std::string_view bytes);

  uint32_t size() const { return size_; }
  uint64_t min() const { return min_; }
  uint64_t max() const { return max_; }

  uint64_t At(uint32_t index) const;
  void Read(uint32_t first, uint32_t count, uint64_t* out) const;
  // The low 32 bits of each.
  void Read(uint32_t first, uint32_t count, uint32_t* out) const;

  // The first of [first, first + count) that is `value`. Skips blocks that cannot hold it.
  std::optional<uint32_t> FindEqual(uint64_t value, uint32_t first, uint32_t count) const;

 private:
  // A block as its index entry describes it.
  struct Block {
    uint64_t base = 0;
    const char* packed = nullptr;
    const char* exception_positions = nullptr;
    const char* exception_bits = nullptr;
    unsigned width = 0;
    unsigned exception_count = 0;
    unsigned exception_width = 0;
    // No difference has more bits.
    unsigned total_width() const { return exception_count == 0 ? width : width + exception_width; }
  };

  bool is_constant() const { return index_ == nullptr; }
  uint32_t block_count() const { return (size_ + kPackedBlockSize - 1) / kPackedBlockSize; }
  uint32_t RowsOf(uint32_t block) const;
  Block BlockAt(uint32_t block) const;
  bool BlocksAreSound(size_t payload_size) const;
  bool MayExceedMax(const Block& block) const;
  bool MayHold(const Block& block, uint64_t value) const;
  template <typename T>
  void ReadAs(uint32_t first, uint32_t count, T* out) const;
  template <typename T>
  void DecodeBlock(uint32_t block, T* out) const;

  const char* index_ = nullptr;
  const char* payload_ = nullptr;
  uint32_t size_ = 0;
  uint32_t base_bytes_ = 0;
  uint64_t min_ = 0;
  uint64_t max_ = 0;
};

}  // namespace spandrel::columns
