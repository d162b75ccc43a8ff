// SPDX-License-Identifier: Apache-2.0
#include "columns/patterned_text.h"

#include <algorithm>
#include <bit>

#include "base/fixed.h"
#include "columns/text_format.h"

namespace spandrel::columns {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

// Digits of the largest number of a damaged column.
constexpr uint32_t kMostDigits = 20;

Status Unreadable() {
  return {StatusCode::kDataLoss, "patterned texts cannot be read"};
}

static_assert(std::endian::native == std::endian::little);

constexpr uint64_t kHighBits = 0x8080808080808080;

constexpr uint64_t InEachByte(uint8_t byte) {
  return uint64_t{byte} * 0x0101010101010101;
}

// The high bit of each byte that is smaller than `limit`, which is at most 128.
constexpr uint64_t BytesBelow(uint64_t word, uint8_t limit) {
  const uint64_t carried = (word & ~kHighBits) + InEachByte(static_cast<uint8_t>(0x80 - limit));
  return ~(carried | word) & kHighBits;
}

constexpr uint64_t Digits(uint64_t word) {
  return BytesBelow(word ^ InEachByte('0'), 10);
}

// Digits, and bytes that must be escaped.
constexpr uint64_t EndsOfText(uint64_t word) {
  return Digits(word) | BytesBelow(word, kEscape + 1);
}

constexpr uint64_t NoDigits(uint64_t word) {
  return Digits(word) ^ kHighBits;
}

// The first byte from `at` on that `find` finds in a word, or `end`.
template <typename Find>
const char* FindByte(const char* at, const char* end, Find&& find) {
  for (uint64_t word = 0; end - at >= static_cast<ptrdiff_t>(sizeof(word)); at += sizeof(word)) {
    std::memcpy(&word, at, sizeof(word));
    const uint64_t found = find(word);
    if (found != 0) return at + std::countr_zero(found) / 8;
  }
  while (at != end && (find(static_cast<uint8_t>(*at)) & 0x80) == 0) ++at;
  return at;
}

bool IsPlace(size_t digits, uint32_t least_digits, uint32_t places_before) {
  return digits >= least_digits && digits <= kMaxDigits && places_before < kMaxPlaces;
}

// Returns the end of the pattern.
char* AddPlace(std::string_view digits, SplitText* out, char* pattern) {
  uint64_t number = 0;
  for (const char c : digits) number = number * 10 + static_cast<uint64_t>(c - '0');
  out->numbers[out->places++] = number;
  const bool is_padded = digits.size() > 1 && digits[0] == '0';
  *pattern++ = is_padded ? kPaddedPlace : kNumberPlace;
  if (is_padded) *pattern++ = static_cast<char>(digits.size());
  return pattern;
}

std::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

}  // namespace

void SplitNumbers(std::string_view value, uint32_t least_digits, SplitText* out) {
  out->places = 0;
  char* pattern = out->text.data();
  const char* const end = value.data() + value.size();
  const char* copied = value.data();
  for (const char* at = copied; (at = FindByte(at, end, EndsOfText)) != end;) {
    if (!IsDigit(*at)) {
      pattern = Put(Between(copied, at), pattern);
      *pattern++ = kEscape;
      copied = at++;
      continue;
    }
    const std::string_view digits = Between(at, FindByte(at, end, NoDigits));
    if (IsPlace(digits.size(), least_digits, out->places)) {
      pattern = AddPlace(digits, out, Put(Between(copied, at), pattern));
      copied = at + digits.size();
    }
    at += digits.size();
  }
  pattern = Put(Between(copied, end), pattern);
  out->size = static_cast<size_t>(pattern - out->text.data());
}

Result<std::shared_ptr<const PatternedText>> PatternedText::Parse(std::string_view body,
                                                                  uint32_t rows,
                                                                  uint64_t max_dictionary_bytes) {
  base::FixedReader reader(body);
  auto column = std::make_shared<PatternedText>();
  column->least_digits_ = reader.Take<uint32_t>();
  const auto places = reader.Take<uint32_t>();
  const std::string_view patterns = reader.TakeBytes(reader.Take<uint32_t>());
  if (!reader.ok() || places > kMaxPlaces) return Unreadable();
  SPANDREL_RETURN_IF_ERROR(column->ParsePatterns(patterns, rows, max_dictionary_bytes));
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
  for (uint32_t code = 0; code < column->patterns_.entry_count(); ++code) {
    if (!column->AddPattern(column->patterns_.At(code))) return Unreadable();
  }
  return std::shared_ptr<const PatternedText>(std::move(column));
}

// A dictionary column of its own, with its header.
Status PatternedText::ParsePatterns(std::string_view column, uint32_t rows,
                                    uint64_t max_dictionary_bytes) {
  base::FixedReader reader(column);
  const auto encoding = static_cast<TextEncoding>(reader.Take<uint32_t>());
  const bool fits = reader.Take<uint32_t>() == rows && reader.ok();
  if (!fits || encoding != TextEncoding::kDictionary) return Unreadable();
  auto patterns = DictionaryText::Parse(column.substr(8), rows, max_dictionary_bytes);
  if (!patterns.ok()) return patterns.status();
  if (patterns->entry_count() > kMaxPatterns) return Unreadable();
  patterns_ = *std::move(patterns);
  return {};
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

uint32_t PatternedText::CountAt(uint32_t place, Codes codes) const {
  uint32_t count = 0;
  for (const uint32_t code : codes) count += parsed_[code].places > place ? 1 : 0;
  return count;
}

// Of the first number of rows from `row`; a row behind the last is one too.
uint64_t PatternedText::PositionOf(uint32_t place, uint32_t row) const {
  if (row == patterns_.codes().size()) return places_[place].numbers.size();
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
  const auto code = patterns_.Find(wanted.pattern());
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

}  // namespace spandrel::columns
