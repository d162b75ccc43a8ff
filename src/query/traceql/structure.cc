// SPDX-License-Identifier: Apache-2.0
#include "query/traceql/structure.h"

#include <algorithm>
#include <iterator>

#include "storage/trace_fields.h"

namespace spandrel::query {

using traceql::Relation;

Structure::Structure(const std::vector<int32_t>& parents)
    : parents_(parents),
      in_left_(parents.size()),
      marked_(parents.size()),
      decided_(parents.size()),
      is_below_(parents.size()),
      counted_(parents.size() + 1),
      children_(parents.size() + 1) {}

Rows Structure::Join(Relation relation, traceql::Join join, const Rows& left, const Rows& right) {
  if (join == traceql::Join::kNot) return Related(relation, left, right, false);
  Rows found = Related(relation, left, right, true);
  if (join == traceql::Join::kRight) return found;
  const Relation back = relation == Relation::kChild        ? Relation::kParent
                        : relation == Relation::kParent     ? Relation::kChild
                        : relation == Relation::kDescendant ? Relation::kAncestor
                        : relation == Relation::kAncestor   ? Relation::kDescendant
                                                            : Relation::kSibling;
  const Rows others = Related(back, right, left, true);
  Rows both;
  std::set_union(found.begin(), found.end(), others.begin(), others.end(),
                 std::back_inserter(both));
  return both;
}

Rows Structure::Related(Relation relation, const Rows& left, const Rows& right, bool wanted) {
  Begin();
  for (const uint32_t row : left) in_left_[row] = now_;
  if (relation == Relation::kAncestor) MarkAncestorsOf(left);
  if (relation == Relation::kParent) MarkParentsOf(left);
  if (relation == Relation::kSibling) CountChildren(left);
  Rows found;
  for (const uint32_t row : right) {
    if (IsRelated(relation, row) == wanted) found.push_back(row);
  }
  return found;
}

bool Structure::IsRelated(Relation relation, uint32_t row) {
  switch (relation) {
    case Relation::kChild:
      return parent(row) >= 0 && in_left_[static_cast<size_t>(parent(row))] == now_;
    case Relation::kParent:
    case Relation::kAncestor:
      return marked_[row] == now_;
    case Relation::kDescendant:
      return IsBelow(row);
    case Relation::kSibling:
      break;
  }
  return HasSibling(row);
}

void Structure::MarkParentsOf(const Rows& rows) {
  for (const uint32_t row : rows) {
    if (parent(row) >= 0) marked_[static_cast<size_t>(parent(row))] = now_;
  }
}

// What is above a marked row is marked already.
void Structure::MarkAncestorsOf(const Rows& rows) {
  for (const uint32_t row : rows) {
    int32_t above = parent(row);
    while (above >= 0 && marked_[static_cast<size_t>(above)] != now_) {
      marked_[static_cast<size_t>(above)] = now_;
      above = parent(static_cast<uint32_t>(above));
    }
  }
}

// Goes up to what is decided, to the top or around a circle, then decides all that it passed. Rows
// of a circle are below all of it.
bool Structure::IsBelow(uint32_t row) {
  path_.clear();
  int32_t at = static_cast<int32_t>(row);
  bool below = false;
  while (at >= 0 && decided_[static_cast<size_t>(at)] != now_ &&
         marked_[static_cast<size_t>(at)] != now_) {
    marked_[static_cast<size_t>(at)] = now_;
    path_.push_back(static_cast<uint32_t>(at));
    at = parent(static_cast<uint32_t>(at));
  }
  if (at >= 0) {
    const auto top = static_cast<size_t>(at);
    if (decided_[top] == now_) {
      below = is_below_[top] != 0 || in_left_[top] == now_;
    } else {
      const auto circle = std::find(path_.begin(), path_.end(), static_cast<uint32_t>(at));
      below =
          std::any_of(circle, path_.end(), [this](uint32_t one) { return in_left_[one] == now_; });
    }
  }
  for (size_t i = path_.size(); i-- > 0;) {
    decided_[path_[i]] = now_;
    is_below_[path_[i]] = below ? 1 : 0;
    below |= in_left_[path_[i]] == now_;
  }
  return is_below_[row] != 0;
}

size_t Structure::FamilyOf(uint32_t row) const {
  return parent(row) >= 0 ? static_cast<size_t>(parent(row)) : parents_.size();
}

void Structure::CountChildren(const Rows& rows) {
  for (const uint32_t row : rows) {
    if (parent(row) < 0 && parent(row) != storage::kNoParent) continue;
    const size_t family = FamilyOf(row);
    if (counted_[family] != now_) children_[family] = 0;
    counted_[family] = now_;
    ++children_[family];
  }
}

bool Structure::HasSibling(uint32_t row) const {
  if (parent(row) < 0 && parent(row) != storage::kNoParent) return false;
  const size_t family = FamilyOf(row);
  const uint32_t itself = in_left_[row] == now_ ? 1 : 0;
  return counted_[family] == now_ && children_[family] > itself;
}

}  // namespace spandrel::query
