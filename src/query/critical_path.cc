// SPDX-License-Identifier: Apache-2.0
#include "query/critical_path.h"

#include <algorithm>
#include <cstddef>

namespace spandrel::query {
namespace {

// A span whose critical path within [from, to) is looked for.
struct Window {
  size_t span;
  uint64_t from;
  uint64_t to;
};

class CriticalPath {
 public:
  explicit CriticalPath(const TraceLayout& layout)
      : layout_(layout), self_(layout.spans.size(), 0) {}

  std::vector<uint64_t> Run() {
    CollectSiblings(0, layout_.spans.size());
    (void)Walk({0, layout_.start_time_unix_nano, layout_.end_time_unix_nano});
    while (!open_.empty()) {
      const Window window = open_.back();
      open_.pop_back();
      CollectSiblings(window.span + 1, window.span + layout_.spans[window.span].subtree_size);
      self_[window.span] += Walk(window);
    }
    return std::move(self_);
  }

 private:
  const span::SpanEntry& EntryOf(size_t place) const { return layout_.spans[place].span.entry(); }

  // Those that begin between these places and below no other, the latest end first.
  void CollectSiblings(size_t begin, size_t end) {
    siblings_.clear();
    for (size_t at = begin; at < end; at += layout_.spans[at].subtree_size) {
      siblings_.push_back(at);
    }
    std::stable_sort(siblings_.begin(), siblings_.end(), [this](size_t a, size_t b) {
      return EntryOf(a).end_time_unix_nano > EntryOf(b).end_time_unix_nano;
    });
  }

  // Gives the collected siblings their windows; what of the window is none of theirs.
  uint64_t Walk(const Window& window) {
    uint64_t own = 0;
    uint64_t to = window.to;
    for (const size_t sibling : siblings_) {
      const uint64_t from = std::max(EntryOf(sibling).start_time_unix_nano, window.from);
      const uint64_t end = std::min(EntryOf(sibling).end_time_unix_nano, to);
      // It began after what is taken already, or takes no time.
      if (from >= end) continue;
      // One that goes on beside what is taken already is not waited for.
      if (EntryOf(sibling).end_time_unix_nano > to && to != window.to) continue;
      own += to - end;
      open_.push_back({sibling, from, end});
      to = from;
    }
    return own + (to > window.from ? to - window.from : 0);
  }

  const TraceLayout& layout_;
  std::vector<uint64_t> self_;
  std::vector<size_t> siblings_;
  std::vector<Window> open_;
};

}  // namespace

std::vector<uint64_t> CriticalSelfTimes(const TraceLayout& layout) {
  return CriticalPath(layout).Run();
}

}  // namespace spandrel::query
