// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "promql/parse.h"

// What is read is one tree within its bounds, whose nodes come after their children.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace promql = spandrel::promql;
  const auto query = promql::Parse({reinterpret_cast<const char*>(data), size});
  if (!query.ok()) return 0;
  SPANDREL_CHECK(query->nodes.size() <= promql::kMaxNodes);
  std::vector<uint32_t> open;
  for (const promql::Node& node : query->nodes) {
    uint32_t nodes = 1;
    for (uint32_t i = 0; i < node.child_count; ++i) {
      SPANDREL_CHECK(!open.empty());
      nodes += open.back();
      open.pop_back();
    }
    SPANDREL_CHECK(nodes == node.size);
    open.push_back(nodes);
  }
  SPANDREL_CHECK(open.size() == 1 && query->root().type != promql::ValueType::kMatrix);
  return 0;
}
