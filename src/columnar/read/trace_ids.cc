// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/trace_ids.h"

#include <iterator>

namespace spandrel::columnar {

TraceIdList MergeTraceIds(const std::vector<TraceIdSpan>& lists) {
  TraceIdList ids;
  std::vector<ptrdiff_t> bounds = {0};
  for (const TraceIdSpan list : lists) {
    ids.insert(ids.end(), list.begin(), list.end());
    bounds.push_back(static_cast<ptrdiff_t>(ids.size()));
  }
  // Neighbours are merged until one list is left.
  TraceIdList merged(ids.size());
  while (bounds.size() > 2) {
    std::vector<ptrdiff_t> left = {0};
    for (size_t i = 0; i + 1 < bounds.size(); i += 2) {
      const auto first = ids.begin() + bounds[i];
      const auto middle = ids.begin() + bounds[i + 1];
      const auto last = ids.begin() + bounds[std::min(i + 2, bounds.size() - 1)];
      std::merge(first, middle, middle, last, merged.begin() + bounds[i], IsBefore);
      left.push_back(last - ids.begin());
    }
    ids.swap(merged);
    bounds = std::move(left);
  }
  return ids;
}

}  // namespace spandrel::columnar
