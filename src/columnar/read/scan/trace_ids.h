// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "span/ids.h"

// Lists of trace ids in order, as row groups have them.
namespace spandrel::columnar {

using TraceIdList = std::vector<span::TraceId>;
using TraceIdSpan = std::span<const span::TraceId>;

// The first or second half of an id, as numbers that have the order of ids.
inline uint64_t WordOf(const span::TraceId& id, size_t half) {
  uint64_t bytes;
  std::memcpy(&bytes, id.bytes.data() + 8 * half, sizeof(bytes));
  return __builtin_bswap64(bytes);
}

// As `a < b`, without a call: merging and seeking do little else.
inline bool IsBefore(const span::TraceId& a, const span::TraceId& b) {
  const uint64_t of_a = WordOf(a, 0);
  const uint64_t of_b = WordOf(b, 0);
  return of_a != of_b ? of_a < of_b : WordOf(a, 1) < WordOf(b, 1);
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

// Finds ids of a long list one by one. Where each begins to be looked for follows from the leading
// bits in which the list's ids differ, so random ids are found at once; others take a binary
// search.
class TraceIdIndex {
 public:
  // The list is in order, has each id once and outlives the index.
  explicit TraceIdIndex(TraceIdSpan ids);

  std::optional<size_t> Find(const span::TraceId& id) const;
  // Where Find() begins; a place of the list, which is not empty.
  size_t PlaceNear(const span::TraceId& id) const {
    return std::min<size_t>(first_places_[BucketOf(id)], ids_.size() - 1);
  }

 private:
  // By those bits; of an id that is not among the list's, any.
  size_t BucketOf(const span::TraceId& id) const {
    return static_cast<size_t>(WordOf(id, half_) << shared_bits_ >> (64 - bucket_bits_));
  }

  const TraceIdSpan ids_;
  size_t half_ = 0;
  int shared_bits_ = 0;
  int bucket_bits_ = 1;
  std::vector<uint32_t> first_places_;  // by bucket, and one more
};

}  // namespace spandrel::columnar
