// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "columns/patterned_text.h"
#include "columns/text_column.h"
#include "columns/text_format.h"

namespace {

using namespace spandrel;
using namespace spandrel::columns;

// A few bytes may claim 2^28 rows of one value, or blocks of zeros.
constexpr uint32_t kMostRows = 2048;
constexpr size_t kMostBytes = 4 << 20;
constexpr size_t kMostDictionaryBytes = 1 << 20;
constexpr uint32_t kManyRows = 300;
constexpr size_t kMostRowBytes = 64;

std::vector<std::string> ReadAll(const TextColumn& column) {
  std::vector<std::string> values;
  size_t bytes = 0;
  TextReader reader(column);
  const uint32_t rows = std::min(column.size(), kMostRows);
  for (uint32_t row = 0; row < rows && bytes < kMostBytes;) {
    const auto read = reader.Read(row, rows - row);
    if (!read.ok()) break;
    for (const std::string_view value : *read) bytes += values.emplace_back(value).size();
    row = static_cast<uint32_t>(values.size());
  }
  return values;
}

void CheckHolds(const std::string& bytes, const std::vector<std::string>& values) {
  const auto column = TextColumn::Parse(bytes);
  SPANDREL_CHECK(column.ok() && column->size() == values.size());
  SPANDREL_CHECK(column
                     ->Visit(0, column->size(),
                             [&](uint32_t row, std::string_view value) {
                               SPANDREL_CHECK(value == values[row]);
                             })
                     .ok());
  if (values.empty()) return;
  const auto first = std::find(values.begin(), values.end(), values.back());
  const auto found = column->FindEqual(values.back(), 0, column->size());
  SPANDREL_CHECK(found.ok() && *found == first - values.begin());
}

void CheckRoundTrip(const std::vector<std::string>& values) {
  const std::vector<std::string_view> views(values.begin(), values.end());
  std::string plain;
  EncodePlainText(views, &plain);
  CheckHolds(plain, values);
  std::string patterned;
  const auto least_digits = static_cast<uint32_t>(values.size() % kMaxDigits + 1);
  if (EncodePatternedText(views, least_digits, &patterned)) CheckHolds(patterned, values);
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Rows enough for several groups and blocks: the lines again and again with other digits.
std::vector<std::string> ManyRows(const std::vector<std::string>& lines) {
  std::vector<std::string> rows;
  for (uint32_t i = 0; i < kManyRows && !lines.empty(); ++i) {
    std::string row = lines[i % lines.size()].substr(0, kMostRowBytes);
    for (char& c : row) {
      if (IsDigit(c)) c = static_cast<char>('0' + (static_cast<uint32_t>(c) + i) % 10);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// A column in each encoding, of rows that the input gives.
std::vector<std::string> EncodeInEveryWay(const std::vector<std::string>& rows, uint8_t choice) {
  const std::vector<std::string_view> views(rows.begin(), rows.end());
  std::vector<std::string> columns(2);
  EncodePlainText(views, &columns[0]);
  std::vector<uint32_t> codes(rows.size());
  for (uint32_t i = 0; i < codes.size(); ++i) codes[i] = i;
  EncodeDictionaryText(views, codes, &columns[1]);
  std::string patterned;
  if (EncodePatternedText(views, choice % kMaxDigits + 1, &patterned)) columns.push_back(patterned);
  return columns;
}

void ReadColumn(std::string_view bytes) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  const auto column = TextColumn::Parse({exact.data(), exact.size()}, kMostDictionaryBytes);
  if (!column.ok()) return;
  const std::vector<std::string> values = ReadAll(*column);
  if (!values.empty()) {
    const auto last = static_cast<uint32_t>(values.size() - 1);
    (void)column->FindEqual(values[last], 0, last + 1).ok();
    (void)column->FindEqual("7", 0, last + 1).ok();
    (void)column->At(last).ok();
  }
  CheckRoundTrip(values);
}

}  // namespace

// Whatever parses can be read everywhere, and what was read makes the round trip. The input is
// taken as a column, as lines, and as lines that are encoded and damaged.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  base::FuzzInput input(data, size);
  const std::string_view bytes = base::FuzzInput(input).Rest();
  ReadColumn(bytes);
  CheckRoundTrip(Lines(bytes));

  base::FuzzInput damage = input;
  std::string skipped(16, '\0');
  input.Damage(&skipped);
  const uint8_t choice = input.Byte();
  std::vector<std::string> rows = Lines(input.Rest());
  if (choice % 2 == 0) rows = ManyRows(rows);
  CheckRoundTrip(rows);
  for (std::string& column : EncodeInEveryWay(rows, choice)) {
    base::FuzzInput(damage).Damage(&column);
    ReadColumn(column);
  }
  return 0;
}
