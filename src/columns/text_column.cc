// SPDX-License-Identifier: Apache-2.0
#include "columns/text_column.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/fixed.h"
#include "columns/bit_packing.h"
#include "columns/patterned_text.h"
#include "columns/text_format.h"

namespace spandrel::columns {
namespace {

using base::Result;
using base::Status;

// The first of `count` texts of `size` bytes each that is `wanted`.
std::optional<uint32_t> FindFixed(const char* texts, uint32_t count, size_t size,
                                  const char* wanted) {
  if (size < sizeof(uint64_t)) {
    for (uint32_t i = 0; i < count; ++i, texts += size) {
      if (std::memcmp(texts, wanted, size) == 0) return i;
    }
    return std::nullopt;
  }
  const uint64_t word = LoadWord(wanted);
  for (uint32_t i = 0; i < count; ++i, texts += size) {
    if (LoadWord(texts) == word && std::memcmp(texts, wanted, size) == 0) return i;
  }
  return std::nullopt;
}

}  // namespace

Result<TextColumn> TextColumn::Parse(std::string_view bytes, uint64_t max_dictionary_bytes) {
  base::FixedReader reader(bytes);
  TextColumn column;
  column.encoding_ = static_cast<TextEncoding>(reader.Take<uint32_t>());
  column.size_ = reader.Take<uint32_t>();
  if (!reader.ok() || column.size_ > kMaxTextRows) return UnreadableText();
  const std::string_view body = bytes.substr(8);
  Status status = UnreadableText();
  switch (column.encoding_) {
    case TextEncoding::kDictionary:
      status = column.ParseDictionary(body, max_dictionary_bytes);
      break;
    case TextEncoding::kNumbered:
      status = column.ParseNumbered(body);
      break;
    case TextEncoding::kHex:
    case TextEncoding::kUuid:
      status = column.ParseFixedBytes(body);
      break;
    case TextEncoding::kCompressed:
      status = column.ParseCompressed(body);
      break;
    case TextEncoding::kPatterned:
      status = column.ParsePatterned(body, max_dictionary_bytes);
      break;
  }
  if (!status.ok()) return status;
  return column;
}

Status TextColumn::ParseDictionary(std::string_view body, uint64_t max_dictionary_bytes) {
  auto dictionary = DictionaryText::Parse(body, size_, max_dictionary_bytes);
  if (!dictionary.ok()) return dictionary.status();
  dictionary_ = *std::move(dictionary);
  return {};
}

// Leaves in `body` what follows the affixes.
Status TextColumn::ParseAffixes(std::string_view* body) {
  base::FixedReader reader(*body);
  const auto prefix_size = reader.Take<uint16_t>();
  const auto suffix_size = reader.Take<uint16_t>();
  digits_ = middle_bytes_ = reader.Take<uint16_t>();
  const auto flags = reader.Take<uint16_t>();
  prefix_ = reader.TakeBytes(prefix_size);
  suffix_ = reader.TakeBytes(suffix_size);
  if (!reader.ok() || prefix_.size() + suffix_.size() > kMaxAffixBytes) return UnreadableText();
  if (flags > kUpperCaseFlag) return UnreadableText();
  upper_case_ = flags == kUpperCaseFlag;
  body->remove_prefix(8 + prefix_.size() + suffix_.size());
  return {};
}

Status TextColumn::ParseNumbered(std::string_view body) {
  SPANDREL_RETURN_IF_ERROR(ParseAffixes(&body));
  const Result<PackedInts> numbers = PackedInts::Parse(body);
  if (!numbers.ok() || numbers->size() != size_ || digits_ > kMaxDigits) return UnreadableText();
  if (numbers->max() >= kPowersOfTen[digits_ == 0 ? kMaxDigits : digits_]) return UnreadableText();
  numbers_ = *numbers;
  return {};
}

Status TextColumn::ParseFixedBytes(std::string_view body) {
  SPANDREL_RETURN_IF_ERROR(ParseAffixes(&body));
  if (body.size() != uint64_t{size_} * middle_bytes_) return UnreadableText();
  const bool is_uuid = encoding_ == TextEncoding::kUuid;
  if (is_uuid ? middle_bytes_ != kUuidBytes : middle_bytes_ > kMaxAffixBytes)
    return UnreadableText();
  bytes_ = body;
  return {};
}

Status TextColumn::ParseCompressed(std::string_view body) {
  base::FixedReader reader(body);
  raw_size_ = reader.Take<uint64_t>();
  const auto lengths_size = reader.Take<uint32_t>();
  const auto starts_size = reader.Take<uint32_t>();
  const auto ends_size = reader.Take<uint32_t>();
  if (!reader.ok() || raw_size_ >= uint64_t{1} << 32) return UnreadableText();
  const uint64_t groups = (uint64_t{size_} + kTextGroupRows - 1) / kTextGroupRows;
  const uint64_t blocks = (raw_size_ + kTextBlockBytes - 1) / kTextBlockBytes;
  SPANDREL_RETURN_IF_ERROR(TakeTextNumbers(&reader, lengths_size, size_, &numbers_));
  SPANDREL_RETURN_IF_ERROR(TakeTextNumbers(&reader, starts_size, groups, &group_starts_));
  SPANDREL_RETURN_IF_ERROR(TakeTextNumbers(&reader, ends_size, blocks, &block_ends_));
  if (!reader.ok()) return UnreadableText();
  bytes_ = body.substr(size_t{20} + lengths_size + starts_size + ends_size);
  const bool is_sound = numbers_.max() <= kMaxTextSize && group_starts_.max() <= raw_size_ &&
                        block_ends_.max() == bytes_.size();
  return is_sound ? Status() : UnreadableText();
}

Status TextColumn::ParsePatterned(std::string_view body, uint64_t max_dictionary_bytes) {
  auto patterned = PatternedText::Parse(body, size_, max_dictionary_bytes);
  if (!patterned.ok()) return patterned.status();
  patterned_ = *std::move(patterned);
  return {};
}

Result<std::string> TextColumn::At(uint32_t row) const {
  TextReader reader(*this);
  const Result<std::string_view> value = reader.At(row);
  if (!value.ok()) return value.status();
  return std::string(*value);
}

Result<std::optional<uint32_t>> TextColumn::FindEqual(std::string_view value, uint32_t first,
                                                      uint32_t count) const {
  if (count == 0) return std::optional<uint32_t>();
  if (encoding_ == TextEncoding::kCompressed) return FindCompressed(value, first, count);
  if (encoding_ == TextEncoding::kPatterned) return patterned_->FindEqual(value, first, count);
  if (encoding_ == TextEncoding::kDictionary) {
    const auto code = dictionary_.Find(value);
    return code ? codes().FindEqual(*code, first, count) : std::nullopt;
  }
  const auto middle = Middle(value);
  if (!middle) return std::optional<uint32_t>();
  if (encoding_ != TextEncoding::kNumbered) return FindFixedBytes(*middle, first, count);
  uint64_t number = 0;
  if (!ReadNumber(*middle, digits_, &number)) return std::optional<uint32_t>();
  return numbers_.FindEqual(number, first, count);
}

std::optional<std::string_view> TextColumn::Middle(std::string_view value) const {
  if (value.size() < prefix_.size() + suffix_.size()) return std::nullopt;
  if (!value.starts_with(prefix_) || !value.ends_with(suffix_)) return std::nullopt;
  return value.substr(prefix_.size(), value.size() - prefix_.size() - suffix_.size());
}

std::optional<uint32_t> TextColumn::FindFixedBytes(std::string_view middle, uint32_t first,
                                                   uint32_t count) const {
  std::array<char, kMaxAffixBytes> wanted;
  if (encoding_ == TextEncoding::kUuid) {
    if (middle.size() != kUuidChars || !ReadUuid(middle.data(), wanted.data())) return std::nullopt;
  } else if (middle.size() != size_t{2} * middle_bytes_ ||
             !ReadHex(middle.data(), middle_bytes_, upper_case_, wanted.data())) {
    return std::nullopt;
  }
  const char* texts = bytes_.data() + size_t{first} * middle_bytes_;
  const auto found = FindFixed(texts, count, middle_bytes_, wanted.data());
  return found ? std::optional(first + *found) : std::nullopt;
}

Result<std::optional<uint32_t>> TextColumn::FindCompressed(std::string_view value, uint32_t first,
                                                           uint32_t count) const {
  TextReader reader(*this);
  const uint32_t end = first + count;
  while (first < end) {
    const auto candidate = numbers_.FindEqual(value.size(), first, end - first);
    if (!candidate) break;
    first = *candidate;
    const uint32_t group_end = std::min(end, (first / kTextGroupRows + 1) * kTextGroupRows);
    while (first < group_end) {
      const auto values = reader.Read(first, group_end - first);
      if (!values.ok()) return values.status();
      const auto found = std::find(values->begin(), values->end(), value);
      if (found != values->end()) {
        return std::optional(first + static_cast<uint32_t>(found - values->begin()));
      }
      first += static_cast<uint32_t>(values->size());
    }
  }
  return std::optional<uint32_t>();
}

uint64_t TextColumn::OffsetOf(uint32_t row) const {
  const uint32_t group = row / kTextGroupRows;
  std::array<uint64_t, kTextGroupRows> lengths;
  const uint32_t before = row % kTextGroupRows;
  numbers_.Read(row - before, before, lengths.data());
  uint64_t offset = group_starts_.At(group);
  for (uint32_t i = 0; i < before; ++i) offset += lengths[i];
  return offset;
}

}  // namespace spandrel::columns
