// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columns/dictionary_text.h"
#include "columns/packed_ints.h"

// Texts as a pattern, which many share, and the numbers at its places (CLP: Rodrigues et al.,
// OSDI 2021). docs/formats/columns.md has the bytes.
namespace spandrel::columns {

inline constexpr uint32_t kMaxPlaces = 8;
// Of a value, and of the text of a pattern.
inline constexpr size_t kMaxPatternedBytes = 4096;
inline constexpr size_t kMaxPatterns = 64 * 1024;

// Bytes of a pattern that are not text.
inline constexpr char kNumberPlace = 0;
// The number of digits follows.
inline constexpr char kPaddedPlace = 1;
// A byte of the text follows; these three are always escaped.
inline constexpr char kEscape = 2;

struct SplitText {
  std::array<char, 2 * kMaxPatternedBytes> text;
  size_t size = 0;  // of the pattern, in `text`
  std::array<uint64_t, kMaxPlaces> numbers;
  uint32_t places = 0;

  std::string_view pattern() const { return {text.data(), size}; }
};

// Takes the first kMaxPlaces runs of `least_digits` to kMaxDigits digits out of a value of at most
// kMaxPatternedBytes.
void SplitNumbers(std::string_view value, uint32_t least_digits, SplitText* out);

// Appends the column, header included; false, and nothing appended, when there are too many
// patterns or a value is larger than kMaxPatternedBytes.
bool EncodePatternedText(std::span<const std::string_view> values, uint32_t least_digits,
                         std::string* out);

// Appends the column when it gets smaller than the column of the other encodings would by a guess
// from a sample; else leaves `out` as it is and returns false.
bool TryPatternedText(std::span<const std::string_view> values,
                      std::span<const std::string_view> sample, int zstd_level, std::string* out);

// A view of the body of a column of kPatterned.
class PatternedText {
 public:
  static base::Result<std::shared_ptr<const PatternedText>> Parse(std::string_view body,
                                                                  uint32_t rows,
                                                                  uint64_t max_dictionary_bytes);

  // Appends the values of `count` rows, at most 128, to `views`; they lie in `text`.
  base::Status Read(uint32_t first, uint32_t count, std::string* text,
                    std::vector<std::string_view>* views) const;
  base::Result<std::optional<uint32_t>> FindEqual(std::string_view value, uint32_t first,
                                                  uint32_t count) const;

 private:
  // Text, and the place behind it; the last of a pattern has none.
  struct Piece {
    uint32_t begin = 0;
    uint32_t size = 0;
    uint32_t digits = 0;
  };
  struct Pattern {
    uint32_t first_piece = 0;
    uint32_t places = 0;
    uint32_t max_size = 0;
  };
  // The numbers at one place of the patterns that have it.
  struct Place {
    PackedInts starts;  // how many belong to rows before every 128th
    PackedInts numbers;
  };
  using Codes = std::span<const uint32_t>;
  // Of the rows of one call at each place.
  using Numbers = std::array<std::array<uint64_t, kPackedBlockSize>, kMaxPlaces>;

  base::Status ParsePatterns(std::string_view column, uint32_t rows, uint64_t max_dictionary_bytes);
  bool AddPattern(std::string_view pattern);
  uint32_t CountAt(uint32_t place, Codes codes) const;
  uint64_t PositionOf(uint32_t place, uint32_t row) const;
  base::Status ReadNumbers(uint32_t first, Codes codes, Numbers* numbers) const;
  base::Result<bool> MayHold(uint32_t code, const SplitText& wanted, uint32_t first,
                             uint32_t count) const;
  char* Write(const Pattern& pattern, const uint64_t** numbers, char* out) const;

  uint32_t least_digits_ = 1;
  DictionaryText patterns_;
  std::string texts_;
  std::vector<Piece> pieces_;
  std::vector<Pattern> parsed_;
  std::vector<Place> places_;
};

}  // namespace spandrel::columns
