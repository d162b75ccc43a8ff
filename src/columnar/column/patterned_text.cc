// SPDX-License-Identifier: Apache-2.0
#include "columnar/column/patterned_text.h"

#include <algorithm>

#include "columnar/column/text_format.h"
#include "columnar/disk/fixed.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

// Digits of the largest number of a damaged column.
constexpr uint32_t kMostDigits = 20;

Status Unreadable() {
  return {StatusCode::kDataLoss, "patterned texts cannot be read"};
}

// Where text ends: digits, and bytes that must be escaped.
constexpr std::array<bool, 256> kEndsText = [] {
  std::array<bool, 256> ends{};
  for (size_t c = 0; c <= kEscape; ++c) ends[c] = true;
  for (size_t c = '0'; c <= '9'; ++c) ends[c] = true;
  return ends;
}();

bool IsPlace(size_t digits, uint32_t least_digits, uint32_t places_before) {
  return digits >= least_digits && digits <= kMaxDigits && places_before < kMaxPlaces;
}

void AddPlace(std::string_view digits, SplitText* out) {
  uint64_t number = 0;
  for (const char c : digits) number = number * 10 + static_cast<uint64_t>(c - '0');
  out->numbers[out->places++] = number;
  if (digits.size() == 1 || digits[0] != '0') {
    out->pattern.push_back(kNumberPlace);
    return;
  }
  out->pattern.push_back(kPaddedPlace);
  out->pattern.push_back(static_cast<char>(digits.size()));
}

}  // namespace

void SplitNumbers(std::string_view value, uint32_t least_digits, SplitText* out) {
  out->pattern.clear();
  out->places = 0;
  const char* const end = value.data() + value.size();
  const char* copied = value.data();
  for (const char* at = copied; at != end;) {
    if (!kEndsText[static_cast<uint8_t>(*at)]) {
      ++at;
      continue;
    }
    if (!IsDigit(*at)) {
      out->pattern.append(copied, at).push_back(kEscape);
      copied = at++;
      continue;
    }
    const char* const run_end = std::find_if_not(at, end, IsDigit);
    const std::string_view digits(at, static_cast<size_t>(run_end - at));
    if (IsPlace(digits.size(), least_digits, out->places)) {
      out->pattern.append(copied, at);
      AddPlace(digits, out);
      copied = run_end;
    }
    at = run_end;
  }
  out->pattern.append(copied, end);
}

Result<std::shared_ptr<const PatternedText>> PatternedText::Parse(std::string_view body,
                                                                  uint32_t rows,
                                                                  uint64_t max_dictionary_bytes) {
  FixedReader reader(body);
  auto column = std::make_shared<PatternedText>();
  column->least_digits_ = reader.Take<uint32_t>();
  const auto places = reader.Take<uint32_t>();
  const std::string_view patterns = reader.TakeBytes(reader.Take<uint32_t>());
  if (!reader.ok() || places > kMaxPlaces) return Unreadable();
  if (FixedReader(patterns).Take<uint32_t>() != static_cast<uint32_t>(TextEncoding::kDictionary))
    return Unreadable();
  const auto dictionary = TextColumn::Parse(patterns, max_dictionary_bytes);
  if (!dictionary.ok()) return dictionary.status();
  column->patterns_ = *dictionary;
  const uint32_t pattern_count = dictionary->dictionary_size();
  if (dictionary->size() != rows || pattern_count > kMaxPatterns) return Unreadable();
  for (uint32_t place = 0; place < places; ++place) {
    const std::string_view starts = reader.TakeBytes(reader.Take<uint32_t>());
    const std::string_view numbers = reader.TakeBytes(reader.Take<uint32_t>());
    const auto parsed_starts = PackedInts::Parse(starts);
    const auto parsed_numbers = PackedInts::Parse(numbers);
    if (!parsed_starts.ok() || !parsed_numbers.ok()) return Unreadable();
    if (parsed_starts->size() != (rows + kTextGroupRows - 1) / kTextGroupRows) return Unreadable();
    if (parsed_starts->max() > parsed_numbers->size()) return Unreadable();
    column->places_.push_back({*parsed_starts, *parsed_numbers});
  }
  if (!reader.done()) return Unreadable();
  for (uint32_t code = 0; code < pattern_count; ++code) {
    if (!column->AddPattern(dictionary->DictionaryAt(code))) return Unreadable();
  }
  return std::shared_ptr<const PatternedText>(std::move(column));
}

// False when it is not a pattern, or has more places than there are.
bool PatternedText::AddPattern(std::string_view pattern) {
  Pattern parsed{static_cast<uint32_t>(pieces_.size()), 0, 0};
  const size_t begin = texts_.size();
  Piece piece{static_cast<uint32_t>(begin), 0, 0};
  for (size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c != kNumberPlace && c != kPaddedPlace && c != kEscape) {
      texts_.push_back(c);
      continue;
    }
    if (c != kNumberPlace && ++at == pattern.size()) return false;
    if (c == kEscape) {
      texts_.push_back(pattern[at]);
      continue;
    }
    if (parsed.places++ == places_.size()) return false;
    piece.digits = c == kNumberPlace ? 0 : static_cast<uint8_t>(pattern[at]);
    if (piece.digits > kMaxDigits) return false;
    piece.size = static_cast<uint32_t>(texts_.size()) - piece.begin;
    pieces_.push_back(piece);
    piece = {static_cast<uint32_t>(texts_.size()), 0, 0};
  }
  piece.size = static_cast<uint32_t>(texts_.size()) - piece.begin;
  pieces_.push_back(piece);
  if (texts_.size() - begin > kMaxPatternedBytes) return false;
  parsed.max_size = static_cast<uint32_t>(texts_.size() - begin) + parsed.places * kMostDigits;
  parsed_.push_back(parsed);
  return true;
}

std::optional<uint32_t> PatternedText::FindPattern(std::string_view pattern) const {
  for (uint32_t code = 0; code < patterns_.dictionary_size(); ++code) {
    if (patterns_.DictionaryAt(code) == pattern) return code;
  }
  return std::nullopt;
}

uint32_t PatternedText::CountAt(uint32_t place, Codes codes) const {
  uint32_t count = 0;
  for (const uint32_t code : codes) count += parsed_[code].places > place ? 1 : 0;
  return count;
}

// Of the first number of rows from `row`; a row behind the last is one too.
uint64_t PatternedText::PositionOf(uint32_t place, uint32_t row) const {
  if (row == patterns_.size()) return places_[place].numbers.size();
  std::array<uint32_t, kTextGroupRows> codes;
  const uint32_t before = row % kTextGroupRows;
  patterns_.codes().Read(row - before, before, codes.data());
  return places_[place].starts.At(row / kTextGroupRows) + CountAt(place, {codes.data(), before});
}

Status PatternedText::ReadNumbers(uint32_t first, Codes codes, Numbers* numbers) const {
  for (uint32_t place = 0; place < places_.size(); ++place) {
    const uint32_t count = CountAt(place, codes);
    if (count == 0) continue;
    const uint64_t position = PositionOf(place, first);
    if (position + count > places_[place].numbers.size()) return Unreadable();
    places_[place].numbers.Read(static_cast<uint32_t>(position), count, (*numbers)[place].data());
  }
  return {};
}

Status PatternedText::Read(uint32_t first, uint32_t count, std::string* text,
                           std::vector<std::string_view>* views) const {
  std::array<uint32_t, kTextGroupRows> buffer;
  const Codes codes(buffer.data(), count);
  patterns_.codes().Read(first, count, buffer.data());
  Numbers numbers;
  SPANDREL_RETURN_IF_ERROR(ReadNumbers(first, codes, &numbers));
  std::array<const uint64_t*, kMaxPlaces> next;
  for (size_t place = 0; place < next.size(); ++place) next[place] = numbers[place].data();
  size_t size = 0;
  for (const uint32_t code : codes) size += parsed_[code].max_size;
  if (text->size() < size) text->resize(size);
  char* out = text->data();
  for (const uint32_t code : codes) {
    char* const end = Write(parsed_[code], next.data(), out);
    views->emplace_back(out, end - out);
    out = end;
  }
  return {};
}

// `numbers` are the next of each place, and advance. Returns the end of what it writes.
char* PatternedText::Write(const Pattern& pattern, const uint64_t** numbers, char* out) const {
  const Piece* piece = pieces_.data() + pattern.first_piece;
  for (uint32_t place = 0; place < pattern.places; ++place, ++piece) {
    out = Put({texts_.data() + piece->begin, piece->size}, out);
    out = PutNumber(*numbers[place]++, piece->digits, out);
  }
  return Put({texts_.data() + piece->begin, piece->size}, out);
}

// False when no row of a part of a group of 128 has the value.
Result<bool> PatternedText::MayHold(uint32_t code, const SplitText& wanted, uint32_t first,
                                    uint32_t count) const {
  if (!patterns_.codes().FindEqual(code, first, count)) return false;
  for (uint32_t place = 0; place < wanted.places; ++place) {
    const uint64_t begin = PositionOf(place, first);
    const uint64_t end = PositionOf(place, first + count);
    const PackedInts& numbers = places_[place].numbers;
    if (begin > end || end > numbers.size()) return Unreadable();
    if (!numbers.FindEqual(wanted.numbers[place], static_cast<uint32_t>(begin),
                           static_cast<uint32_t>(end - begin)))
      return false;
  }
  return true;
}

Result<std::optional<uint32_t>> PatternedText::FindEqual(std::string_view value, uint32_t first,
                                                         uint32_t count) const {
  if (value.size() > kMaxPatternedBytes) return std::optional<uint32_t>();
  SplitText wanted;
  SplitNumbers(value, least_digits_, &wanted);
  const auto code = FindPattern(wanted.pattern);
  if (!code) return std::optional<uint32_t>();
  if (wanted.places == 0) return patterns_.codes().FindEqual(*code, first, count);
  std::string text;
  std::vector<std::string_view> views;
  for (const uint32_t end = first + count; first < end;) {
    const uint32_t rows = std::min(end, (first / kTextGroupRows + 1) * kTextGroupRows) - first;
    const Result<bool> may_hold = MayHold(*code, wanted, first, rows);
    if (!may_hold.ok()) return may_hold.status();
    if (*may_hold) {
      views.clear();
      SPANDREL_RETURN_IF_ERROR(Read(first, rows, &text, &views));
      const auto found = std::find(views.begin(), views.end(), value);
      if (found != views.end()) {
        return std::optional(first + static_cast<uint32_t>(found - views.begin()));
      }
    }
    first += rows;
  }
  return std::optional<uint32_t>();
}

}  // namespace spandrel::columnar
