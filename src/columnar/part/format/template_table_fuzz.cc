// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "base/check.h"
#include "columnar/part/format/template_table.h"

// Whatever parses encodes to bytes that parse to the same; numbers are in range.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel;
  using namespace spandrel::columnar;
  constexpr size_t kScopes = 3;
  constexpr size_t kNames = 5;
  const std::vector<char> exact(data, data + size);
  const auto table = ParseTemplateTable({exact.data(), exact.size()}, kScopes, kNames);
  if (!table.ok()) return 0;
  for (const Template& made : table->templates) {
    SPANDREL_CHECK(made.scope < kScopes && made.name < kNames);
    SPANDREL_CHECK(made.cells.size() == table->CellCount(table->layouts[made.layout]));
  }
  const std::string encoded = EncodeTemplateTable(*table);
  const auto again = ParseTemplateTable(encoded, kScopes, kNames);
  SPANDREL_CHECK(again.ok() && EncodeTemplateTable(*again) == encoded);
  return 0;
}
