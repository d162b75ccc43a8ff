// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "columns/packed_ints.h"

namespace {

using namespace spandrel;
using namespace spandrel::columns;

// A few bytes may claim a column of one value and 2^28 rows.
constexpr uint32_t kMostRows = 4096;

void CheckRoundTrip(const std::vector<uint64_t>& values) {
  std::string bytes;
  EncodePackedInts(values, &bytes);
  const auto column = PackedInts::Parse(bytes);
  SPANDREL_CHECK(column.ok() && column->size() == values.size());
  std::vector<uint64_t> wide(values.size());
  std::vector<uint32_t> narrow(values.size());
  column->Read(0, column->size(), wide.data());
  column->Read(0, column->size(), narrow.data());
  SPANDREL_CHECK(wide == values);
  for (uint32_t i = 0; i < column->size(); ++i) {
    SPANDREL_CHECK(column->At(i) == values[i]);
    SPANDREL_CHECK(narrow[i] == static_cast<uint32_t>(values[i]));
  }
  if (values.empty()) return;
  const auto first = std::find(values.begin(), values.end(), values.back());
  SPANDREL_CHECK(column->FindEqual(values.back(), 0, column->size()) == first - values.begin());
}

}  // namespace

// Whatever parses can be read everywhere, yields no more than its maximum, and what was read makes
// the round trip. The input is taken as a column and as numbers.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<char> exact(data, data + size);
  const auto column = PackedInts::Parse({exact.data(), exact.size()});
  if (column.ok()) {
    std::vector<uint64_t> values(std::min(column->size(), kMostRows));
    const auto rows = static_cast<uint32_t>(values.size());
    column->Read(column->size() - rows, rows, values.data());
    for (uint32_t i = 0; i < rows; ++i) {
      SPANDREL_CHECK(values[i] <= column->max());
      SPANDREL_CHECK(column->At(i) <= column->max());
    }
    std::vector<uint32_t> narrow(rows);
    column->Read(0, rows, narrow.data());
    for (const uint32_t value : narrow) SPANDREL_CHECK(value <= column->max());
    (void)column->FindEqual(column->max(), 0, rows);
    CheckRoundTrip(values);
  }
  std::vector<uint64_t> numbers(size / sizeof(uint64_t));
  if (!numbers.empty()) std::memcpy(numbers.data(), data, numbers.size() * sizeof(uint64_t));
  CheckRoundTrip(numbers);
  return 0;
}
