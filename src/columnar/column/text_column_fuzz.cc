// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "base/check.h"
#include "columnar/column/patterned_text.h"
#include "columnar/column/text_column.h"
#include "columnar/column/text_format.h"

namespace {

using namespace spandrel::columnar;

// A few bytes may claim 2^28 rows of one value, or blocks of zeros.
constexpr uint32_t kMostRows = 2048;
constexpr size_t kMostBytes = 4 << 20;

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

}  // namespace

// Whatever parses can be read everywhere, and what was read makes the round trip. The input is
// taken as a column and as lines.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<char> exact(data, data + size);
  const std::string_view input(exact.data(), exact.size());
  const auto column = TextColumn::Parse(input, 1 << 20);
  if (column.ok()) {
    const std::vector<std::string> values = ReadAll(*column);
    if (!values.empty()) {
      const auto last = static_cast<uint32_t>(values.size() - 1);
      (void)column->FindEqual(values[last], 0, last + 1).ok();
      (void)column->At(last).ok();
    }
    CheckRoundTrip(values);
  }
  CheckRoundTrip(Lines(input));
  return 0;
}
