// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "traceql/ast.h"

namespace spandrel::query {

// Rows of a trace, ascending.
using Rows = std::vector<uint32_t>;

// Structural operators over one trace, whose parents are known by row (storage::TraceSlice). A span
// is a descendant of what its parents' links lead to; on a circle of parents that is itself too.
// Siblings have the same parent, and spans without a parent are siblings of one another; whose
// parent is not stored has none. Each call takes time in proportion to the rows of both sides and
// those above them; nothing recurses. Not thread-safe: memory is kept between calls.
class Structure {
 public:
  // `parents` must outlive it.
  explicit Structure(const std::vector<int32_t>& parents);

  // The right rows that are so to some left row, those that are not, or the rows of both sides that
  // are so to one another.
  Rows Join(traceql::Relation relation, traceql::Join join, const Rows& left, const Rows& right);

 private:
  // The rows of `right` that are so to one of `left`, or are not.
  Rows Related(traceql::Relation relation, const Rows& left, const Rows& right, bool wanted);
  void MarkAncestorsOf(const Rows& rows);
  void MarkParentsOf(const Rows& rows);
  void CountChildren(const Rows& rows);
  bool IsBelow(uint32_t row);
  bool HasSibling(uint32_t row) const;
  bool IsRelated(traceql::Relation relation, uint32_t row);
  int32_t parent(uint32_t row) const { return parents_[row]; }
  // Where the children of a row's parent are counted; nothing to count for orphans.
  size_t FamilyOf(uint32_t row) const;
  void Begin() { ++now_; }

  const std::vector<int32_t>& parents_;
  uint32_t now_ = 0;                // marks of other calls do not count
  std::vector<uint32_t> in_left_;   // by row: now_ when it is
  std::vector<uint32_t> marked_;    // by row
  std::vector<uint32_t> decided_;   // by row: whether something left is above it is known
  std::vector<uint8_t> is_below_;   // by row
  std::vector<uint32_t> counted_;   // by family
  std::vector<uint32_t> children_;  // by family: its rows that are left
  std::vector<uint32_t> path_;
};

}  // namespace spandrel::query
