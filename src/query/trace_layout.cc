// SPDX-License-Identifier: Apache-2.0
#include "query/trace_layout.h"

#include <algorithm>
#include <utility>

// Spans are first put in order of start time; from then on a span is its index in that order, so
// that filling lists in index order keeps siblings sorted. Ids are looked up in a sorted array, not
// in a hash table: senders choose the ids.
namespace spandrel::query {
namespace {

constexpr uint32_t kNone = UINT32_MAX;

std::vector<span::SpanRef> ByStartTime(const span::SpanBatch& trace) {
  std::vector<span::SpanRef> spans;
  spans.reserve(trace.span_count());
  span::ForEachSpan(trace, [&spans](const span::SpanRef& span) { spans.push_back(span); });
  const auto earlier = [](const span::SpanRef& a, const span::SpanRef& b) {
    return a.entry().start_time_unix_nano < b.entry().start_time_unix_nano;
  };
  if (!std::is_sorted(spans.begin(), spans.end(), earlier)) {
    std::stable_sort(spans.begin(), spans.end(), earlier);
  }
  return spans;
}

struct IdAndIndex {
  span::SpanId id;
  uint32_t index;
  friend auto operator<=>(const IdAndIndex&, const IdAndIndex&) = default;
};

// The index of each span's parent, kNone without one. A span is never its own parent.
std::vector<uint32_t> FindParents(const std::vector<span::SpanRef>& spans) {
  std::vector<IdAndIndex> ids;
  ids.reserve(spans.size());
  for (uint32_t i = 0; i < spans.size(); ++i) ids.push_back({spans[i].entry().span_id, i});
  std::sort(ids.begin(), ids.end());

  std::vector<uint32_t> parents(spans.size(), kNone);
  for (uint32_t i = 0; i < spans.size(); ++i) {
    const span::SpanId& parent = spans[i].entry().parent_span_id;
    if (parent.IsZero()) continue;
    const auto found = std::lower_bound(ids.begin(), ids.end(), IdAndIndex{parent, 0});
    if (found != ids.end() && found->id == parent && found->index != i) parents[i] = found->index;
  }
  return parents;
}

// Makes the earliest span of every circle of parents a root.
void BreakCircles(std::vector<uint32_t>* parents) {
  // The walk on which a span was first seen; a walk that meets itself has gone round a circle.
  std::vector<uint32_t> seen_on(parents->size(), kNone);
  for (uint32_t walk = 0; walk < parents->size(); ++walk) {
    uint32_t at = walk;
    while (at != kNone && seen_on[at] == kNone) {
      seen_on[at] = walk;
      at = (*parents)[at];
    }
    if (at == kNone || seen_on[at] != walk) continue;
    uint32_t earliest = at;
    for (uint32_t i = (*parents)[at]; i != at; i = (*parents)[i]) earliest = std::min(earliest, i);
    (*parents)[earliest] = kNone;
  }
}

// The children of every span: those of span i are list[begin[i]] to list[begin[i + 1]], by index.
struct Children {
  explicit Children(const std::vector<uint32_t>& parents)
      : begin(parents.size() + 1, 0), list(parents.size()) {
    for (const uint32_t parent : parents) {
      if (parent != kNone) ++begin[parent + 1];
    }
    for (size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
    std::vector<uint32_t> next(begin.begin(), begin.end() - 1);
    for (uint32_t i = 0; i < parents.size(); ++i) {
      if (parents[i] != kNone) list[next[parents[i]]++] = i;
    }
  }

  std::vector<uint32_t> begin;
  std::vector<uint32_t> list;
};

struct Visit {
  uint32_t index;
  uint32_t depth;
};

// Every span once, parents before their children, in the order of the layout.
std::vector<Visit> PreOrder(const std::vector<uint32_t>& parents) {
  const Children children(parents);
  std::vector<Visit> order;
  order.reserve(parents.size());
  std::vector<Visit> stack;
  for (uint32_t i = static_cast<uint32_t>(parents.size()); i-- > 0;) {
    if (parents[i] == kNone) stack.push_back({i, 0});
  }
  while (!stack.empty()) {
    const Visit visit = stack.back();
    stack.pop_back();
    order.push_back(visit);
    for (uint32_t at = children.begin[visit.index + 1]; at-- > children.begin[visit.index];) {
      stack.push_back({children.list[at], visit.depth + 1});
    }
  }
  return order;
}

// In pre-order a subtree ends where a span that is not deeper follows.
void SetSubtreeSizes(std::vector<PlacedSpan>* spans) {
  std::vector<uint32_t> open;
  for (uint32_t i = 0; i < spans->size(); ++i) {
    while (open.size() > (*spans)[i].depth) {
      (*spans)[open.back()].subtree_size = i - open.back();
      open.pop_back();
    }
    open.push_back(i);
  }
  for (const uint32_t i : open) {
    (*spans)[i].subtree_size = static_cast<uint32_t>(spans->size()) - i;
  }
}

}  // namespace

TraceLayout LayOutTrace(const span::SpanBatch& trace) {
  TraceLayout layout;
  const std::vector<span::SpanRef> spans = ByStartTime(trace);
  if (spans.empty()) return layout;
  std::vector<uint32_t> parents = FindParents(spans);
  std::vector<bool> has_parent(spans.size());
  for (size_t i = 0; i < spans.size(); ++i) has_parent[i] = parents[i] != kNone;
  BreakCircles(&parents);

  layout.start_time_unix_nano = spans.front().entry().start_time_unix_nano;
  layout.end_time_unix_nano = layout.start_time_unix_nano;
  layout.spans.reserve(spans.size());
  for (const Visit& visit : PreOrder(parents)) {
    const span::SpanEntry& entry = spans[visit.index].entry();
    layout.end_time_unix_nano = std::max(layout.end_time_unix_nano, entry.end_time_unix_nano);
    const bool names_itself = entry.parent_span_id == entry.span_id;
    const bool is_orphan =
        !entry.parent_span_id.IsZero() && !has_parent[visit.index] && !names_itself;
    layout.spans.push_back({spans[visit.index], 1, visit.depth, is_orphan});
  }
  SetSubtreeSizes(&layout.spans);
  return layout;
}

}  // namespace spandrel::query
