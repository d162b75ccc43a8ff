// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "base/fixed.h"
#include "columns/packed_format.h"
#include "columns/packed_ints.h"

namespace spandrel::columns {
namespace {

// Without a branch for 0.
unsigned BitsOf(uint64_t value) {
  return 64 - static_cast<unsigned>(__builtin_clzll(value | 1)) - (value == 0 ? 1 : 0);
}

// The differences of a block's values to the smallest, with zeros behind the last.
struct Differences {
  std::array<uint64_t, kPackedBlockSize> values;
  uint32_t rows = 0;
  unsigned widest = 0;
};

Differences Subtract(std::span<const uint64_t> values, uint64_t base) {
  Differences result;
  result.rows = static_cast<uint32_t>(values.size());
  uint64_t bits = 0;
  for (size_t i = 0; i < values.size(); ++i) bits |= result.values[i] = values[i] - base;
  std::fill(result.values.begin() + result.rows, result.values.end(), 0);
  result.widest = BitsOf(bits);
  return result;
}

// How many of the differences have each number of bits.
using BitCounts = std::array<uint8_t, 65>;

BitCounts CountBits(const Differences& differences) {
  // Several tables, so that equal neighbours do not wait for each other's count.
  std::array<BitCounts, 4> tables{};
  for (size_t i = 0; i < differences.values.size(); i += tables.size()) {
    for (size_t t = 0; t < tables.size(); ++t) ++tables[t][BitsOf(differences.values[i + t])];
  }
  BitCounts sums;
  for (size_t bits = 0; bits < sums.size(); ++bits) {
    sums[bits] =
        static_cast<uint8_t>(tables[0][bits] + tables[1][bits] + tables[2][bits] + tables[3][bits]);
  }
  return sums;
}

// The smallest layout; of equal ones that with the fewest exceptions.
PackedLayout ChooseLayout(const Differences& differences) {
  const BitCounts counts = CountBits(differences);
  const unsigned widest = differences.widest;
  PackedLayout best{RoundToPackedWidth(widest), 0, 0};
  size_t best_size = PackedSize(best, differences.rows);
  unsigned exceptions = counts[widest];
  for (unsigned width = widest; width-- > 0 && exceptions < best_size;) {
    const PackedLayout layout{width, exceptions, RoundToPackedWidth(widest - width)};
    exceptions += counts[width];
    if (!IsPackedWidth(width)) continue;
    const size_t size = PackedSize(layout, differences.rows);
    if (size >= best_size) continue;
    best = layout;
    best_size = size;
  }
  return best;
}

// Returns the end of what it writes.
char* PackExceptions(const Differences& differences, const PackedLayout& layout, char* out) {
  std::array<uint8_t, kPackedBlockSize + 1> positions;
  size_t count = 0;
  for (uint32_t i = 0; i < kPackedBlockSize; ++i) {
    positions[count] = static_cast<uint8_t>(i);
    count += differences.values[i] >> layout.width != 0 ? 1 : 0;
  }
  std::memcpy(out, positions.data(), count);
  std::array<uint64_t, kPackedBlockSize> high{};
  for (size_t i = 0; i < count; ++i) high[i] = differences.values[positions[i]] >> layout.width;
  std::array<char, kPackedBlockSize * sizeof(uint64_t)> packed;
  const auto groups = PackedGroups(static_cast<uint32_t>(count));
  kPackFunctions[layout.exception_width](high.data(), groups, packed.data());
  const size_t size = BytesOfBits(count * layout.exception_width);
  std::memcpy(out + count, packed.data(), size);
  return out + count + size;
}

// `out` has room for the largest block. Returns the end of what it writes.
char* WriteBlock(const Differences& differences, const PackedLayout& layout, char* out) {
  const uint32_t groups = PackedGroups(differences.rows);
  kPackFunctions[layout.width](differences.values.data(), groups, out);
  out += size_t{groups} * layout.width;
  return layout.exception_count == 0 ? out : PackExceptions(differences, layout, out);
}

void WriteEntry(uint32_t offset, const PackedLayout& layout, uint64_t base, uint32_t base_bytes,
                char* out) {
  std::memcpy(out, &offset, sizeof(offset));
  out[4] = static_cast<char>(layout.width);
  out[5] = static_cast<char>(layout.exception_count);
  out[6] = static_cast<char>(layout.exception_width);
  std::memcpy(out + kPackedEntrySize, &base, base_bytes);
}

std::span<const uint64_t> BlockOf(std::span<const uint64_t> values, size_t block) {
  const size_t first = block * kPackedBlockSize;
  return values.subspan(first, std::min<size_t>(kPackedBlockSize, values.size() - first));
}

struct Extent {
  uint64_t min = 0;
  uint64_t max = 0;
};

Extent ExtentOf(std::span<const uint64_t> values) {
  if (values.empty()) return {};
  Extent extent{values[0], values[0]};
  for (const uint64_t value : values) {
    extent.min = std::min(extent.min, value);
    extent.max = std::max(extent.max, value);
  }
  return extent;
}

}  // namespace

void EncodePackedInts(std::span<const uint64_t> values, std::string* out) {
  SPANDREL_CHECK(values.size() <= kMaxPackedValues);
  std::vector<uint64_t> bases((values.size() + kPackedBlockSize - 1) / kPackedBlockSize);
  uint64_t max = 0;
  for (size_t block = 0; block < bases.size(); ++block) {
    const Extent extent = ExtentOf(BlockOf(values, block));
    bases[block] = extent.min;
    max = std::max(max, extent.max);
  }
  const auto [min, max_base] = ExtentOf(bases);
  const auto base_bytes = static_cast<uint32_t>(BytesOfBits(BitsOf(max_base - min)));
  base::AppendFixed(static_cast<uint32_t>(values.size()), out);
  base::AppendFixed(base_bytes, out);
  base::AppendFixed(min, out);
  base::AppendFixed(max, out);
  if (min == max) return;

  const size_t index = out->size();
  const size_t entry_size = kPackedEntrySize + base_bytes;
  const size_t payload = index + bases.size() * entry_size;
  out->resize(payload);
  std::array<char, 2 * kPackedBlockSize * sizeof(uint64_t)> block_bytes;
  for (size_t block = 0; block < bases.size(); ++block) {
    const Differences differences = Subtract(BlockOf(values, block), bases[block]);
    const PackedLayout layout = ChooseLayout(differences);
    WriteEntry(static_cast<uint32_t>(out->size() - payload), layout, bases[block] - min, base_bytes,
               out->data() + index + block * entry_size);
    const char* end = WriteBlock(differences, layout, block_bytes.data());
    out->append(block_bytes.data(), static_cast<size_t>(end - block_bytes.data()));
  }
  out->append(kPackedPadding, '\0');
}

}  // namespace spandrel::columns
