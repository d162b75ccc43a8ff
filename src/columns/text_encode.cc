// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/fixed.h"
#include "columns/patterned_text.h"
#include "columns/text_column.h"
#include "columns/text_format.h"
#include "columns/zstd_block.h"

namespace spandrel::columns {
namespace {

using Texts = std::span<const std::string_view>;

// The encoding is chosen by as many values.
constexpr size_t kSampleValues = 1024;

std::string Packed(std::span<const uint64_t> numbers) {
  std::string bytes;
  EncodePackedInts(numbers, &bytes);
  return bytes;
}

// What all values begin and end with; the two do not overlap in any value.
struct Affixes {
  std::string_view prefix;
  std::string_view suffix;
  bool same_length = true;

  std::string_view MiddleOf(std::string_view value) const {
    return value.substr(prefix.size(), value.size() - prefix.size() - suffix.size());
  }
};

Affixes FindAffixes(Texts values) {
  const std::string_view first = values.front();
  Affixes affixes;
  size_t prefix = std::min(first.size(), kMaxAffixBytes / 2);
  for (size_t i = 0; i < values.size(); ++i) {
    PrefetchValueAfter(values, i);
    const std::string_view value = values[i];
    affixes.same_length &= value.size() == first.size();
    prefix = std::min(prefix, value.size());
    const auto end = first.begin() + static_cast<ptrdiff_t>(prefix);
    prefix =
        static_cast<size_t>(std::mismatch(first.begin(), end, value.begin()).first - first.begin());
  }
  size_t suffix = std::min(first.size() - prefix, kMaxAffixBytes / 2);
  for (const std::string_view value : values) {
    suffix = std::min(suffix, value.size() - prefix);
    const auto end = first.rbegin() + static_cast<ptrdiff_t>(suffix);
    suffix = static_cast<size_t>(std::mismatch(first.rbegin(), end, value.rbegin()).first -
                                 first.rbegin());
  }
  affixes.prefix = first.substr(0, prefix);
  affixes.suffix = first.substr(first.size() - suffix);
  return affixes;
}

void AppendAffixes(const Affixes& affixes, uint32_t size, uint16_t flags, std::string* out) {
  base::AppendFixed(static_cast<uint16_t>(affixes.prefix.size()), out);
  base::AppendFixed(static_cast<uint16_t>(affixes.suffix.size()), out);
  base::AppendFixed(static_cast<uint16_t>(size), out);
  base::AppendFixed(flags, out);
  out->append(affixes.prefix).append(affixes.suffix);
}

// Digits that all values share belong to the number where numbers differ in length.
Affixes WithoutDigits(Affixes affixes) {
  while (!affixes.prefix.empty() && IsDigit(affixes.prefix.back())) affixes.prefix.remove_suffix(1);
  while (!affixes.suffix.empty() && IsDigit(affixes.suffix.front()))
    affixes.suffix.remove_prefix(1);
  return affixes;
}

bool TryNumbered(Texts values, const Affixes& common, std::string* out) {
  const Affixes affixes = common.same_length ? common : WithoutDigits(common);
  const auto digits =
      common.same_length ? static_cast<uint32_t>(affixes.MiddleOf(values.front()).size()) : 0;
  std::vector<uint64_t> numbers(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (!ReadNumber(affixes.MiddleOf(values[i]), digits, &numbers[i])) return false;
  }
  AppendTextHeader(TextEncoding::kNumbered, values.size(), out);
  AppendAffixes(affixes, digits, 0, out);
  EncodePackedInts(numbers, out);
  return true;
}

// Hexadecimal digits come in pairs: takes one from the prefix or the suffix where their number is
// odd.
bool MakeEven(std::string_view first, bool upper_case, Affixes* affixes) {
  if (affixes->MiddleOf(first).size() % 2 == 0) return true;
  if (!affixes->prefix.empty() && IsHexDigit(affixes->prefix.back(), upper_case)) {
    affixes->prefix.remove_suffix(1);
    return true;
  }
  if (affixes->suffix.empty() || !IsHexDigit(affixes->suffix.front(), upper_case)) return false;
  affixes->suffix.remove_prefix(1);
  return true;
}

bool TryHex(Texts values, Affixes affixes, bool upper_case, std::string* out) {
  if (!affixes.same_length || !MakeEven(values.front(), upper_case, &affixes)) return false;
  const size_t size = affixes.MiddleOf(values.front()).size() / 2;
  if (size > kMaxAffixBytes) return false;
  std::string bytes(size * values.size(), '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    const char* text = affixes.MiddleOf(values[i]).data();
    if (!ReadHex(text, static_cast<uint32_t>(size), upper_case, &bytes[i * size])) return false;
  }
  AppendTextHeader(TextEncoding::kHex, values.size(), out);
  AppendAffixes(affixes, static_cast<uint32_t>(size), upper_case ? kUpperCaseFlag : 0, out);
  out->append(bytes);
  return true;
}

// Affixes that leave the UUID of the first value, though all values share some of its digits.
bool FindUuid(std::string_view first, Affixes* affixes) {
  std::array<char, kUuidBytes> uuid;
  const size_t last = affixes->prefix.size();
  const size_t least_end = first.size() - affixes->suffix.size();
  for (size_t at = last < kUuidChars ? 0 : last - kUuidChars; at <= last; ++at) {
    if (at + kUuidChars > first.size()) return false;
    if (at + kUuidChars < least_end || !ReadUuid(first.data() + at, uuid.data())) continue;
    affixes->prefix = first.substr(0, at);
    affixes->suffix = first.substr(at + kUuidChars);
    return true;
  }
  return false;
}

bool TryUuid(Texts values, Affixes affixes, std::string* out) {
  if (!affixes.same_length || !FindUuid(values.front(), &affixes)) return false;
  std::string bytes(kUuidBytes * values.size(), '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    if (!ReadUuid(affixes.MiddleOf(values[i]).data(), &bytes[i * kUuidBytes])) return false;
  }
  AppendTextHeader(TextEncoding::kUuid, values.size(), out);
  AppendAffixes(affixes, kUuidBytes, 0, out);
  out->append(bytes);
  return true;
}

// Cuts the bytes of values, one behind the other, into compressed blocks of one raw size.
class BlockCutter {
 public:
  explicit BlockCutter(int level) : level_(level) { pending_.reserve(kTextBlockBytes); }

  void Add(std::string_view value) {
    raw_size_ += value.size();
    while (!value.empty()) {
      const std::string_view piece = value.substr(0, kTextBlockBytes - pending_.size());
      pending_.append(piece);
      value.remove_prefix(piece.size());
      if (pending_.size() == kTextBlockBytes) Flush();
    }
  }
  void Flush() {
    if (pending_.empty()) return;
    AppendZstdBlock(pending_, level_, 0, &blocks_);
    ends_.push_back(blocks_.size());
    pending_.clear();
  }

  uint64_t raw_size() const { return raw_size_; }
  const std::string& blocks() const { return blocks_; }
  const std::vector<uint64_t>& ends() const { return ends_; }

 private:
  const int level_;
  uint64_t raw_size_ = 0;
  std::string pending_;
  std::string blocks_;
  std::vector<uint64_t> ends_;
};

void EncodeCompressed(Texts values, int level, std::string* out) {
  BlockCutter cutter(level);
  std::vector<uint64_t> group_starts;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i % kTextGroupRows == 0) group_starts.push_back(cutter.raw_size());
    PrefetchValueAfter(values, i);
    cutter.Add(values[i]);
  }
  cutter.Flush();
  const std::string lengths = EncodeTextLengths(values);
  const std::string starts = Packed(group_starts);
  const std::string ends = Packed(cutter.ends());
  AppendTextHeader(TextEncoding::kCompressed, values.size(), out);
  base::AppendFixed(cutter.raw_size(), out);
  for (const std::string* column : {&lengths, &starts, &ends}) {
    base::AppendFixed(static_cast<uint32_t>(column->size()), out);
  }
  out->append(lengths).append(starts).append(ends).append(cutter.blocks());
}

// Prefix, middle, suffix.
bool TryAffixed(Texts values, std::string* out) {
  if (values.empty()) return false;
  const Affixes affixes = FindAffixes(values);
  return TryNumbered(values, affixes, out) || TryHex(values, affixes, false, out) ||
         TryHex(values, affixes, true, out) || TryUuid(values, affixes, out);
}

std::vector<std::string_view> SampleOf(Texts values) {
  const size_t count = std::min(kSampleValues, values.size());
  std::vector<std::string_view> sample(count);
  for (size_t i = 0; i < count; ++i) sample[i] = values[i * values.size() / count];
  return sample;
}

}  // namespace

void EncodePlainText(std::span<const std::string_view> values, std::string* out, int zstd_level) {
  const std::vector<std::string_view> sample = SampleOf(values);
  std::string sample_bytes;
  // What does not fit a sample of the values does not fit them all.
  if (TryAffixed(sample, &sample_bytes)) {
    if (TryAffixed(values, out)) return;
  }
  if (TryPatternedText(values, sample, zstd_level, out)) return;
  EncodeCompressed(values, zstd_level, out);
}

}  // namespace spandrel::columns
