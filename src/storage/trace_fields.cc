// SPDX-License-Identifier: Apache-2.0
#include "storage/trace_fields.h"

#include <algorithm>
#include <utility>

#include "storage/field_values.h"
#include "storage/one_place.h"

namespace spandrel::storage {
namespace {

using span::ValueView;

// The parent of each span by its number, kNoParent or kOrphan.
std::vector<int32_t> FindParents(const std::vector<span::SpanRef>& spans) {
  std::vector<std::pair<span::SpanId, int32_t>> by_id;
  by_id.reserve(spans.size());
  for (size_t i = 0; i < spans.size(); ++i) {
    by_id.emplace_back(spans[i].entry().span_id, static_cast<int32_t>(i));
  }
  std::sort(by_id.begin(), by_id.end());
  std::vector<int32_t> parents;
  parents.reserve(spans.size());
  for (const span::SpanRef& span : spans) {
    const span::SpanId& wanted = span.entry().parent_span_id;
    if (wanted.IsZero()) {
      parents.push_back(kNoParent);
      continue;
    }
    const auto found = std::lower_bound(by_id.begin(), by_id.end(), std::pair(wanted, int32_t{0}));
    const bool is_stored = found != by_id.end() && found->first == wanted;
    parents.push_back(is_stored ? found->second : kOrphan);
  }
  return parents;
}

}  // namespace

TraceFields::TraceFields(std::vector<span::SpanRef> spans)
    : spans_(std::move(spans)), parents_(FindParents(spans_)) {
  for (size_t i = 0; i < spans_.size(); ++i) {
    const span::SpanEntry& entry = spans_[i].entry();
    weight_ = std::max(weight_, entry.weight);
    min_start_ = std::min(min_start_, entry.start_time_unix_nano);
    max_end_ = std::max(max_end_, entry.end_time_unix_nano);
    if (root_ < 0 && parents_[i] == kNoParent) root_ = static_cast<int32_t>(i);
  }
}

bool TraceFields::Row::Visit(const FieldRef& field, const ValueVisitor& visit) const {
  if (field.of_parent) {
    const int32_t parent = trace_.parent(span_);
    return parent >= 0 && Row(trace_, static_cast<size_t>(parent)).Visit(field.field, visit);
  }
  const auto* intrinsic = std::get_if<Intrinsic>(&field.field);
  if (intrinsic != nullptr && *intrinsic >= Intrinsic::kChildCount) {
    return trace_.VisitTraceIntrinsic(*intrinsic, span_, visit);
  }
  return VisitFieldValues(field.field, trace_.span(span_), visit);
}

bool TraceFields::Row::VisitPlaces(Places places, const RowCallback& visit) const {
  return VisitPlacesOf(*this, trace_.span(span_), places, visit);
}

bool TraceFields::VisitTraceIntrinsic(Intrinsic intrinsic, size_t span,
                                      const ValueVisitor& visit) const {
  const auto visit_int = [&visit](uint64_t value) {
    return visit(ValueView::OfInt(static_cast<int64_t>(value)));
  };
  const span::SpanRef* const root = root_ < 0 ? nullptr : &spans_[static_cast<size_t>(root_)];
  switch (intrinsic) {
    case Intrinsic::kChildCount:
      return visit(ValueView::OfInt(child_counts()[span]));
    case Intrinsic::kTraceStartTime:
      return visit_int(min_start_);
    case Intrinsic::kTraceDuration:
      return visit_int(max_end_ > min_start_ ? max_end_ - min_start_ : 0);
    case Intrinsic::kRootName:
      return visit(ValueView::OfString(root != nullptr ? root->name() : ""));
    case Intrinsic::kRootServiceName:
      return visit(ValueView::OfString(root != nullptr ? root->service_name() : ""));
    case Intrinsic::kNestedSetLeft:
      return visit(ValueView::OfInt(nested_sets()[span].left));
    case Intrinsic::kNestedSetRight:
      return visit(ValueView::OfInt(nested_sets()[span].right));
    default:
      return visit(ValueView::OfInt(nested_sets()[span].parent));
  }
}

const std::vector<int64_t>& TraceFields::child_counts() const {
  if (!child_counts_.empty()) return child_counts_;
  child_counts_.resize(spans_.size());
  for (const int32_t parent : parents_) {
    if (parent >= 0) ++child_counts_[static_cast<size_t>(parent)];
  }
  return child_counts_;
}

// Spans are in order already, so the children of each, listed as they come, are too.
const std::vector<TraceFields::NestedSet>& TraceFields::nested_sets() const {
  if (!nested_sets_.empty()) return nested_sets_;
  nested_sets_.resize(spans_.size());
  std::vector<std::vector<size_t>> children(spans_.size());
  std::vector<size_t> roots;
  for (size_t i = 0; i < spans_.size(); ++i) {
    if (parents_[i] == kNoParent) roots.push_back(i);
    if (parents_[i] >= 0) children[static_cast<size_t>(parents_[i])].push_back(i);
  }
  int64_t next = 1;
  std::vector<std::pair<size_t, size_t>> open;  // a span and which of its children comes next
  for (const size_t root : roots) {
    nested_sets_[root] = {next++, 0, -1};
    open.emplace_back(root, 0);
    while (!open.empty()) {
      auto& [at, child] = open.back();
      if (child == children[at].size()) {
        nested_sets_[at].right = next++;
        open.pop_back();
        continue;
      }
      const size_t entered = children[at][child++];
      nested_sets_[entered] = {next++, 0, nested_sets_[at].left};
      open.emplace_back(entered, 0);
    }
  }
  return nested_sets_;
}

}  // namespace spandrel::storage
