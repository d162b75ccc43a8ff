// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/number_column.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <random>
#include <vector>

#include "base/fixed.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kMaxDistinct = 4096;

// Turns two's complement into a number of the same order.
uint64_t FlipOf(CellType type) {
  return type == CellType::kInt ? uint64_t{1} << 63 : 0;
}

struct Coded {
  std::vector<uint64_t> dictionary;
  std::vector<uint64_t> codes;
};

// Senders choose the values, so they must not know the hash.
uint64_t Hash(uint64_t value) {
  static const uint64_t seed = [] {
    std::random_device random;
    return uint64_t{random()} << 32 | random();
  }();
  uint64_t hash = (value ^ seed) * 0xff51afd7ed558ccd;
  hash ^= hash >> 32;
  return (hash ^ seed) * 0x9e3779b97f4a7c15;
}

// Numbers the distinct values in the order in which they come; little more than kMaxDistinct.
class DistinctValues {
 public:
  DistinctValues() : slots_(size_t{1} << kSlotBits, kFree) {}

  uint32_t Add(uint64_t value) {
    size_t slot = Hash(value) >> (64 - kSlotBits);
    while (slots_[slot] != kFree && values_[slots_[slot]] != value) {
      slot = (slot + 1) & (slots_.size() - 1);
    }
    if (slots_[slot] == kFree) {
      slots_[slot] = static_cast<uint32_t>(values_.size());
      values_.push_back(value);
    }
    return slots_[slot];
  }
  const std::vector<uint64_t>& values() const { return values_; }

 private:
  static constexpr unsigned kSlotBits = 14;
  static constexpr uint32_t kFree = UINT32_MAX;
  static_assert(kMaxDistinct * 2 < size_t{1} << kSlotBits);

  std::vector<uint32_t> slots_;
  std::vector<uint64_t> values_;
};

// Nothing when there are too many distinct values for a dictionary to pay.
std::optional<Coded> Code(const std::vector<uint64_t>& values) {
  DistinctValues distinct;
  const size_t most = std::min(kMaxDistinct, (values.size() + 8) / 8);
  Coded coded;
  coded.codes.reserve(values.size());
  for (const uint64_t value : values) {
    coded.codes.push_back(distinct.Add(value));
    if (distinct.values().size() > most) return std::nullopt;
  }
  std::vector<uint32_t> counts(distinct.values().size());
  for (const uint64_t code : coded.codes) ++counts[code];
  std::vector<uint32_t> order(counts.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return counts[a] != counts[b] ? counts[a] > counts[b]
                                  : distinct.values()[a] < distinct.values()[b];
  });
  std::vector<uint32_t> rank(order.size());
  for (uint32_t i = 0; i < order.size(); ++i) {
    coded.dictionary.push_back(distinct.values()[order[i]]);
    rank[order[i]] = i;
  }
  for (uint64_t& code : coded.codes) code = rank[code];
  return coded;
}

std::string Packed(const std::vector<uint64_t>& values) {
  std::string bytes;
  columns::EncodePackedInts(values, &bytes);
  return bytes;
}

}  // namespace

void EncodeNumbers(std::span<const uint64_t> values, CellType type, std::string* out) {
  const uint64_t flip = FlipOf(type);
  std::vector<uint64_t> ordered(values.begin(), values.end());
  for (uint64_t& value : ordered) value ^= flip;
  const std::string plain = Packed(ordered);
  if (const auto coded = Code(ordered)) {
    const std::string dictionary = Packed(coded->dictionary);
    const std::string codes = Packed(coded->codes);
    if (dictionary.size() + codes.size() < plain.size()) {
      base::AppendFixed(static_cast<uint32_t>(dictionary.size()), out);
      *out += dictionary + codes;
      return;
    }
  }
  base::AppendFixed(uint32_t{0}, out);
  *out += plain;
}

Result<NumberColumn> NumberColumn::Parse(std::string_view bytes, CellType type) {
  const Status damaged(StatusCode::kDataLoss, "numbers cannot be read");
  base::FixedReader reader(bytes);
  const auto dictionary_size = reader.Take<uint32_t>();
  const std::string_view dictionary = reader.TakeBytes(dictionary_size);
  if (!reader.ok()) return damaged;
  NumberColumn column;
  column.flip_ = FlipOf(type);
  column.has_dictionary_ = dictionary_size > 0;
  Result<columns::PackedInts> codes =
      columns::PackedInts::Parse(bytes.substr(sizeof(uint32_t) + dictionary_size));
  if (!codes.ok()) return codes.status();
  column.codes_ = *codes;
  if (!column.has_dictionary_) return column;
  Result<columns::PackedInts> values = columns::PackedInts::Parse(dictionary);
  if (!values.ok()) return values.status();
  column.dictionary_ = *values;
  if (codes->size() > 0 && codes->max() >= values->size()) return damaged;
  return column;
}

void NumberColumn::Read(uint32_t first, uint32_t count, uint64_t* out) const {
  codes_.Read(first, count, out);
  for (uint32_t i = 0; i < count; ++i) out[i] = ValueOf(out[i]);
}

}  // namespace spandrel::columnar
