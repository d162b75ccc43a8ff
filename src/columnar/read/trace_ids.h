// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "span/ids.h"

// Lists of trace ids in order, as row groups have them.
namespace spandrel::columnar {

using TraceIdList = std::vector<span::TraceId>;
using TraceIdSpan = std::span<const span::TraceId>;

// As `a < b`, without a call: merging and seeking do little else.
inline bool IsBefore(const span::TraceId& a, const span::TraceId& b) {
  const auto word = [](const span::TraceId& id, size_t at) {
    uint64_t bytes;
    std::memcpy(&bytes, id.bytes.data() + at, sizeof(bytes));
    return __builtin_bswap64(bytes);
  };
  const uint64_t of_a = word(a, 0);
  const uint64_t of_b = word(b, 0);
  return of_a != of_b ? of_a < of_b : word(a, 8) < word(b, 8);
}

// All ids of ordered lists, in order; an id of several lists is there several times.
TraceIdList MergeTraceIds(const std::vector<TraceIdSpan>& lists);

// The first place from `from` on whose id is not less than `id`; quick when that is near.
inline size_t SeekTraceId(TraceIdSpan ids, size_t from, const span::TraceId& id) {
  size_t step = 1;
  size_t end = from;
  while (end < ids.size() && IsBefore(ids[end], id)) {
    from = end + 1;
    end += step;
    step *= 2;
  }
  end = std::min(end, ids.size());
  return static_cast<size_t>(std::lower_bound(ids.begin() + static_cast<ptrdiff_t>(from),
                                              ids.begin() + static_cast<ptrdiff_t>(end), id,
                                              IsBefore) -
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
