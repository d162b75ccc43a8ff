// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "base/check.h"
#include "base/fixed.h"
#include "columns/patterned_text.h"
#include "columns/text_format.h"
#include "columns/zstd_block.h"

namespace spandrel::columns {
namespace {

using Texts = std::span<const std::string_view>;

// Fewer rows do not pay for the headers.
constexpr size_t kLeastRows = 64;
// Always allowed; else at most a pattern for every four values.
constexpr size_t kFewPatterns = 16;
constexpr size_t kMaxPatternsBytes = size_t{16} << 20;
// Shorter runs of digits belong to the pattern: "v1" and "service-12" are rather names.
constexpr std::array<uint32_t, 3> kLeastDigits = {1, 3, 5};
// What a pattern of one value costs in the dictionary, in bits, under zstd.
constexpr double kPatternBits = 96;

// Codes of patterns, in the order in which they came.
class PatternTable {
 public:
  uint32_t Add(std::string_view pattern) {
    const auto known = codes_.find(pattern);
    if (known != codes_.end()) {
      ++counts_[known->second];
      return known->second;
    }
    const auto code = static_cast<uint32_t>(counts_.size());
    codes_.emplace(patterns_.emplace_back(pattern), code);
    counts_.push_back(1);
    bytes_ += pattern.size();
    return code;
  }
  size_t bytes() const { return bytes_; }
  const std::deque<std::string>& patterns() const { return patterns_; }
  const std::vector<uint32_t>& counts() const { return counts_; }

 private:
  std::deque<std::string> patterns_;
  std::unordered_map<std::string_view, uint32_t> codes_;
  std::vector<uint32_t> counts_;
  size_t bytes_ = 0;
};

// The numbers at one place.
struct Column {
  std::vector<uint64_t> starts;
  std::vector<uint64_t> numbers;
};

struct Split {
  PatternTable table;
  std::vector<uint32_t> codes;
  std::array<Column, kMaxPlaces> columns;
};

// False when a value is too large, or there are more than `max_patterns`.
bool SplitAll(Texts values, uint32_t least_digits, size_t max_patterns, Split* out) {
  SplitText text;
  out->codes.reserve(values.size());
  for (size_t row = 0; row < values.size(); ++row) {
    if (values[row].size() > kMaxPatternedBytes) return false;
    if (row % kTextGroupRows == 0) {
      for (Column& column : out->columns) column.starts.push_back(column.numbers.size());
    }
    PrefetchValueAfter(values, row);
    SplitNumbers(values[row], least_digits, &text);
    out->codes.push_back(out->table.Add(text.pattern()));
    for (uint32_t i = 0; i < text.places; ++i) out->columns[i].numbers.push_back(text.numbers[i]);
    const size_t patterns = out->table.counts().size();
    if (patterns > max_patterns || out->table.bytes() > kMaxPatternsBytes) return false;
  }
  return true;
}

double BitsOfNumbers(const std::vector<uint64_t>& numbers) {
  if (numbers.empty()) return 0;
  const auto [min, max] = std::minmax_element(numbers.begin(), numbers.end());
  return std::log2(static_cast<double>(*max - *min) + 1) * static_cast<double>(numbers.size());
}

// Of a sample, in bits; infinite where patterns do not fit.
double Cost(const Split& split) {
  const auto rows = static_cast<double>(split.codes.size());
  double bits = 0;
  double single = 0;
  for (const uint32_t count : split.table.counts()) {
    bits += count * std::log2(rows / count);
    single += count == 1 ? 1 : 0;
  }
  if (single * 2 > rows) return std::numeric_limits<double>::infinity();
  for (const Column& column : split.columns) bits += BitsOfNumbers(column.numbers);
  return bits + single * kPatternBits;
}

// The fewest digits of a number that make the sample smallest; 0 when values do not share patterns,
// or half of them have no number.
uint32_t ChooseLeastDigits(Texts sample) {
  double best = std::numeric_limits<double>::infinity();
  uint32_t chosen = 0;
  for (const uint32_t digits : kLeastDigits) {
    Split split;
    if (!SplitAll(sample, digits, sample.size(), &split)) return 0;
    if (split.columns[0].numbers.size() * 2 < sample.size()) break;
    const double cost = Cost(split);
    if (cost >= best) continue;
    best = cost;
    chosen = digits;
  }
  return chosen;
}

// What a value of the sample takes under zstd.
double CompressedBytes(Texts sample, int level) {
  std::string raw;
  size_t values = 0;
  for (; values < sample.size() && raw.size() < kTextBlockBytes; ++values) raw += sample[values];
  std::string stored;
  AppendZstdBlock(raw, level, 0, &stored);
  return static_cast<double>(stored.size()) / static_cast<double>(values);
}

void AppendSized(std::span<const uint64_t> numbers, std::string* out) {
  const size_t size_at = out->size();
  base::AppendFixed(uint32_t{0}, out);
  EncodePackedInts(numbers, out);
  const auto size = static_cast<uint32_t>(out->size() - size_at - sizeof(uint32_t));
  std::memcpy(out->data() + size_at, &size, sizeof(size));
}

// The most frequent pattern gets the lowest code.
void AppendPatterns(Split* split, std::string* out) {
  const std::vector<uint32_t>& counts = split->table.counts();
  std::vector<uint32_t> order(counts.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return counts[a] > counts[b]; });
  std::vector<std::string_view> entries;
  std::vector<uint32_t> code_of(order.size());
  for (const uint32_t old : order) {
    code_of[old] = static_cast<uint32_t>(entries.size());
    entries.push_back(split->table.patterns()[old]);
  }
  for (uint32_t& code : split->codes) code = code_of[code];
  std::string patterns;
  EncodeDictionaryText(entries, split->codes, &patterns);
  base::AppendFixed(static_cast<uint32_t>(patterns.size()), out);
  out->append(patterns);
}

void AppendColumn(uint32_t least_digits, Split* split, std::string* out) {
  base::AppendFixed(static_cast<uint32_t>(TextEncoding::kPatterned), out);
  base::AppendFixed(static_cast<uint32_t>(split->codes.size()), out);
  base::AppendFixed(least_digits, out);
  uint32_t places = 0;
  while (places < kMaxPlaces && !split->columns[places].numbers.empty()) ++places;
  base::AppendFixed(places, out);
  AppendPatterns(split, out);
  for (const Column& column : std::span(split->columns.data(), places)) {
    AppendSized(column.starts, out);
    AppendSized(column.numbers, out);
  }
}

}  // namespace

bool EncodePatternedText(Texts values, uint32_t least_digits, std::string* out) {
  SPANDREL_CHECK(values.size() <= kMaxTextRows);
  Split split;
  const size_t max_patterns = std::clamp(values.size() / 4, kFewPatterns, kMaxPatterns);
  if (!SplitAll(values, least_digits, max_patterns, &split)) return false;
  AppendColumn(least_digits, &split, out);
  return true;
}

bool TryPatternedText(Texts values, Texts sample, int zstd_level, std::string* out) {
  if (values.size() < kLeastRows) return false;
  const uint32_t least_digits = ChooseLeastDigits(sample);
  const size_t begin = out->size();
  if (least_digits == 0 || !EncodePatternedText(values, least_digits, out)) return false;
  const double others = CompressedBytes(sample, zstd_level) * static_cast<double>(values.size());
  if (static_cast<double>(out->size() - begin) < others) return true;
  out->resize(begin);
  return false;
}

}  // namespace spandrel::columns
