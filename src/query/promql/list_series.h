// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "promql/ast.h"
#include "query/promql/values.h"
#include "storage/query_context.h"
#include "storage/reader.h"

// What series there are, for those who write a query.
namespace spandrel::query {

// Of all of these together; none: of all metrics. Counted are spans that begin from min to max,
// both included.
struct ListedSeries {
  std::vector<promql::Selector> selectors;
  uint64_t min_unix_nano = 0;
  uint64_t max_unix_nano = 0;
};

// The labels of all series, sorted, each once.
base::Result<std::vector<PromLabels>> ListSeries(const storage::QueryContext& context,
                                                 storage::Reader& reader,
                                                 const ListedSeries& listed);
// The names of labels that series of these metrics can have, sorted.
base::Result<std::vector<std::string>> ListLabels(const storage::QueryContext& context,
                                                  const ListedSeries& listed);
// The values of a label, sorted; of the name and of `le` those that these metrics can have.
base::Result<std::vector<std::string>> ListValues(const storage::QueryContext& context,
                                                  storage::Reader& reader,
                                                  const ListedSeries& listed,
                                                  std::string_view label);

}  // namespace spandrel::query
