// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/number_column.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "columnar/disk/fixed.h"

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

// Nothing when there are too many distinct values for a dictionary to pay.
std::optional<Coded> Code(const std::vector<uint64_t>& values) {
  std::unordered_map<uint64_t, uint32_t> counts;
  for (const uint64_t value : values) {
    ++counts[value];
    if (counts.size() > kMaxDistinct || counts.size() * 8 > values.size() + 8) return std::nullopt;
  }
  Coded coded;
  for (const auto& [value, count] : counts) coded.dictionary.push_back(value);
  std::sort(coded.dictionary.begin(), coded.dictionary.end(), [&](uint64_t a, uint64_t b) {
    return counts[a] != counts[b] ? counts[a] > counts[b] : a < b;
  });
  for (uint32_t i = 0; i < coded.dictionary.size(); ++i) counts[coded.dictionary[i]] = i;
  coded.codes.reserve(values.size());
  for (const uint64_t value : values) coded.codes.push_back(counts[value]);
  return coded;
}

std::string Packed(const std::vector<uint64_t>& values) {
  std::string bytes;
  EncodePackedInts(values, &bytes);
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
      AppendFixed(static_cast<uint32_t>(dictionary.size()), out);
      *out += dictionary + codes;
      return;
    }
  }
  AppendFixed(uint32_t{0}, out);
  *out += plain;
}

Result<NumberColumn> NumberColumn::Parse(std::string_view bytes, CellType type) {
  const Status damaged(StatusCode::kDataLoss, "numbers cannot be read");
  FixedReader reader(bytes);
  const auto dictionary_size = reader.Take<uint32_t>();
  const std::string_view dictionary = reader.TakeBytes(dictionary_size);
  if (!reader.ok()) return damaged;
  NumberColumn column;
  column.flip_ = FlipOf(type);
  column.has_dictionary_ = dictionary_size > 0;
  Result<PackedInts> codes = PackedInts::Parse(bytes.substr(sizeof(uint32_t) + dictionary_size));
  if (!codes.ok()) return codes.status();
  column.codes_ = *codes;
  if (!column.has_dictionary_) return column;
  Result<PackedInts> values = PackedInts::Parse(dictionary);
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
