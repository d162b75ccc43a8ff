// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "span/span_view.h"
#include "storage/field_source.h"

namespace spandrel::storage {

// Who a span's parent is, where it is not the number of one.
inline constexpr int32_t kNoParent = -1;       // it is a root
inline constexpr int32_t kOrphan = -2;         // its parent is not stored
inline constexpr int32_t kParentLeftOut = -3;  // its parent is stored and not among the rows

// One trace with what its spans say of one another, for expressions that ask about it. The earliest
// span with an id is the parent of the spans that name it; a span may be its own parent, and
// parents may form circles.
//
// Nested sets are numbered in pre-order from 1 on, roots and children by start time and then span
// id: a span's left number when it is entered, its right one when it is left. Spans below no root
// have none. Never recurses; O(n log n). Not thread-safe: numbers are found when first asked for.
class TraceFields {
 public:
  // All spans of one trace, at most 2^31 - 1, ordered by start time and then span id. What the refs
  // point to must outlive it.
  explicit TraceFields(std::vector<span::SpanRef> spans);

  size_t size() const { return spans_.size(); }
  const span::SpanRef& span(size_t i) const { return spans_[i]; }
  // The number of a span's parent, kNoParent or kOrphan.
  int32_t parent(size_t i) const { return parents_[i]; }
  // The highest of its spans' weights.
  uint16_t weight() const { return weight_; }

  // One span as a row, with all its fields.
  class Row final : public FieldSource {
   public:
    // `trace` must outlive it.
    Row(const TraceFields& trace, size_t span) : trace_(trace), span_(span) {}
    bool Visit(const FieldRef& field, const ValueVisitor& visit) const override;
    bool VisitPlaces(Places places, const RowCallback& visit) const override;

   private:
    const TraceFields& trace_;
    const size_t span_;
  };

 private:
  struct NestedSet {
    int64_t left = 0;
    int64_t right = 0;
    int64_t parent = 0;
  };

  bool VisitTraceIntrinsic(Intrinsic intrinsic, size_t span, const ValueVisitor& visit) const;
  const std::vector<NestedSet>& nested_sets() const;
  const std::vector<int64_t>& child_counts() const;

  std::vector<span::SpanRef> spans_;
  std::vector<int32_t> parents_;
  uint16_t weight_ = 1;
  uint64_t min_start_ = UINT64_MAX;
  uint64_t max_end_ = 0;
  int32_t root_ = -1;  // the earliest span without a parent; -1: there is none
  mutable std::vector<NestedSet> nested_sets_;  // empty: not asked for yet
  mutable std::vector<int64_t> child_counts_;
};

}  // namespace spandrel::storage
