// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "span/ids.h"

// Lists of trace ids in order, as row groups have them.
namespace spandrel::columnar {

using TraceIdList = std::vector<span::TraceId>;
using TraceIdSpan = std::span<const span::TraceId>;

// All ids of ordered lists, in order; an id of several lists is there several times.
TraceIdList MergeTraceIds(const std::vector<TraceIdSpan>& lists);

// The first place from `from` on whose id is not less than `id`; quick when that is near.
inline size_t SeekTraceId(TraceIdSpan ids, size_t from, const span::TraceId& id) {
  size_t step = 1;
  size_t end = from;
  while (end < ids.size() && ids[end] < id) {
    from = end + 1;
    end += step;
    step *= 2;
  }
  end = std::min(end, ids.size());
  return static_cast<size_t>(std::lower_bound(ids.begin() + static_cast<ptrdiff_t>(from),
                                              ids.begin() + static_cast<ptrdiff_t>(end), id) -
                             ids.begin());
}

// Calls `visit(size_t in_a, size_t in_b)` for each id that both lists have; in neither is an id
// twice.
template <typename Visit>
void ForEachCommonTrace(TraceIdSpan a, TraceIdSpan b, Visit&& visit) {
  const bool swap = a.size() > b.size();
  const TraceIdSpan few = swap ? b : a;
  const TraceIdSpan many = swap ? a : b;
  size_t at = 0;
  for (size_t i = 0; i < few.size() && at < many.size(); ++i) {
    at = SeekTraceId(many, at, few[i]);
    if (at == many.size() || many[at] != few[i]) continue;
    swap ? visit(at, i) : visit(i, at);
  }
}

}  // namespace spandrel::columnar
