// SPDX-License-Identifier: Apache-2.0
#include "cli/trace_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/duration_text.h"
#include "cli/table.h"
#include "cli/visible_text.h"
#include "cli/when.h"

namespace spandrel::cli {
namespace {

using query::PlacedSpan;
using query::TraceLayout;

constexpr size_t kLongestRun = 3;
constexpr size_t kShownLevels = 24;
constexpr size_t kMessageWidth = 60;
constexpr size_t kLeastBar = 16;
constexpr size_t kMostBar = 40;

bool IsError(const PlacedSpan& placed) {
  return placed.span.entry().status == span::SpanStatus::kError;
}

size_t EndOf(const TraceLayout& layout, size_t place) {
  return place + layout.spans[place].subtree_size;
}

// Calls `visit(from, to)` for each piece of a span's time in which no child was at work.
template <typename Visitor>
void ForEachOwnPiece(const TraceLayout& layout, size_t place, Visitor&& visit) {
  const span::SpanEntry& entry = layout.spans[place].span.entry();
  uint64_t cursor = entry.start_time_unix_nano;
  const uint64_t end = std::max(cursor, entry.end_time_unix_nano);
  for (size_t child = place + 1; child < EndOf(layout, place); child = EndOf(layout, child)) {
    const span::SpanEntry& below = layout.spans[child].span.entry();
    const uint64_t start = std::min(end, below.start_time_unix_nano);
    if (start > cursor) visit(cursor, start);
    cursor = std::max(cursor, std::min(end, below.end_time_unix_nano));
  }
  if (end > cursor) visit(cursor, end);
}

// For each span a number that is the same for those whose trees are: by service, name, error, and
// the numbers of the children, in order.
std::vector<uint32_t> Shapes(const TraceLayout& layout) {
  std::vector<uint32_t> shapes(layout.spans.size());
  std::unordered_map<std::string, uint32_t> known;
  for (size_t place = layout.spans.size(); place-- > 0;) {
    const span::SpanRef& span = layout.spans[place].span;
    std::string key = fmt::format("{}:{}{}:{}{}:", span.service_name().size(), span.service_name(),
                                  span.name().size(), span.name(), IsError(layout.spans[place]));
    for (size_t child = place + 1; child < EndOf(layout, place); child = EndOf(layout, child)) {
      key += fmt::format("{},", shapes[child]);
    }
    const auto next = static_cast<uint32_t>(known.size());
    shapes[place] = known.try_emplace(std::move(key), next).first->second;
  }
  return shapes;
}

// When a span was, within the whole trace, in `width` cells.
class Bars {
 public:
  Bars(const TraceLayout& layout, size_t width, const Look& look)
      : layout_(layout),
        width_(width),
        look_(look),
        nano_per_cell_(std::max(1.0, static_cast<double>(layout.end_time_unix_nano -
                                                         layout.start_time_unix_nano)) /
                       static_cast<double>(width)) {}

  std::string Of(size_t place) const {
    const span::SpanEntry& entry = layout_.spans[place].span.entry();
    std::vector<double> own(width_);
    ForEachOwnPiece(layout_, place,
                    [this, &own](uint64_t from, uint64_t to) { AddTo(from, to, &own); });
    const uint64_t end = std::max(entry.start_time_unix_nano, entry.end_time_unix_nano);
    const size_t first = CellOf(entry.start_time_unix_nano);
    const size_t last = std::max(first, CellOf(end - (end > entry.start_time_unix_nano ? 1 : 0)));
    std::string bar(first, ' ');
    for (size_t cell = first; cell <= last; ++cell) {
      const double from = std::max(At(cell), Offset(entry.start_time_unix_nano));
      const double to = std::min(At(cell + 1), Offset(end));
      const bool is_own = own[cell] * 2 >= to - from;
      if (look_.unicode) {
        bar += is_own ? "█" : "░";
      } else {
        bar += is_own ? '#' : '-';
      }
    }
    return bar;
  }

 private:
  double Offset(uint64_t time) const {
    return static_cast<double>(time - layout_.start_time_unix_nano);
  }
  double At(size_t cell) const { return static_cast<double>(cell) * nano_per_cell_; }
  size_t CellOf(uint64_t time) const {
    return std::min(width_ - 1, static_cast<size_t>(Offset(time) / nano_per_cell_));
  }
  void AddTo(uint64_t from, uint64_t to, std::vector<double>* own) const {
    for (size_t cell = CellOf(from); cell <= CellOf(to); ++cell) {
      const double begin = std::max(At(cell), Offset(from));
      (*own)[cell] += std::max(0.0, std::min(At(cell + 1), Offset(to)) - begin);
    }
  }

  const TraceLayout& layout_;
  const size_t width_;
  const Look& look_;
  const double nano_per_cell_;
};

class TreeWriter {
 public:
  TreeWriter(const TraceLayout& layout, bool all, const Look& look)
      : layout_(layout),
        all_(all),
        look_(look),
        bars_(layout, BarWidth(look), look),
        shapes_(all ? std::vector<uint32_t>() : Shapes(layout)) {}

  std::string Write() {
    for (size_t place = 0; place < layout_.spans.size();) {
      if (!runs_.empty() && runs_.back().second == place) {
        place = WriteRest();
        continue;
      }
      WriteSpan(place);
      BeginRun(place);
      ++place;
    }
    return table_.ToText(look_);
  }

 private:
  // Of some siblings that are alike: the first, and the second, where the rest of them begin.
  using Run = std::pair<size_t, size_t>;

  static size_t BarWidth(const Look& look) {
    return look.width == 0 ? kMostBar : std::clamp(look.width / 4, kLeastBar, kMostBar);
  }

  size_t EndOfSiblings(size_t place) const {
    const uint32_t depth = layout_.spans[place].depth;
    return depth == 0 ? layout_.spans.size() : ends_[depth - 1];
  }

  // One behind the siblings from `place` on that are as that one.
  std::pair<size_t, size_t> RunFrom(size_t place) const {
    size_t count = 0;
    size_t next = place;
    while (next < EndOfSiblings(place) && shapes_[next] == shapes_[place]) {
      next = EndOf(layout_, next);
      ++count;
    }
    return {next, count};
  }

  void BeginRun(size_t place) {
    if (all_ || RunFrom(place).second <= kLongestRun) return;
    runs_.emplace_back(place, EndOf(layout_, place));
  }

  size_t WriteRest() {
    const size_t second = runs_.back().second;
    runs_.pop_back();
    const auto [end, count] = RunFrom(second);
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;
    for (size_t one = second; one < end; one = EndOf(layout_, one)) {
      least = std::min(least, layout_.spans[one].span.entry().duration_nano());
      most = std::max(most, layout_.spans[one].span.entry().duration_nano());
    }
    table_.Add({{Guides(second, end) + fmt::format("{} {} more like it, {} to {}", look_.ellipsis(),
                                                   count, base::ShortDurationText(least),
                                                   base::ShortDurationText(most)),
                 Ink::kDim},
                {},
                {},
                {},
                {}});
    return end;
  }

  // The lines that lead to what stands from `place` to `end`.
  std::string Guides(size_t place, size_t end) {
    const uint32_t depth = layout_.spans[place].depth;
    ends_.resize(depth);
    if (depth == 0) return {};
    std::string guides;
    const size_t first = depth > kShownLevels ? depth - kShownLevels : 0;
    if (first > 0) guides = fmt::format("({}) ", depth);
    for (size_t level = first; level + 1 < depth; ++level) {
      const bool goes_on = ends_[level + 1] < ends_[level];
      guides += goes_on ? (look_.unicode ? "│  " : "|  ") : "   ";
    }
    const bool is_last = end == ends_[depth - 1];
    if (look_.unicode) return guides + (is_last ? "└─ " : "├─ ");
    return guides + (is_last ? "`- " : "|- ");
  }

  void WriteSpan(size_t place) {
    const PlacedSpan& placed = layout_.spans[place];
    std::string text = Guides(place, EndOf(layout_, place));
    ends_.push_back(EndOf(layout_, place));
    text += VisibleText(placed.span.name().empty() ? "(no name)" : placed.span.name());
    if (placed.is_orphan) text += " (its parent has not come)";
    if (IsError(placed)) text += ErrorText(placed);
    table_.Add({{std::move(text), IsError(placed) ? Ink::kRed : Ink::kPlain},
                {VisibleText(placed.span.service_name()), Ink::kCyan},
                {base::ShortDurationText(placed.span.entry().duration_nano())},
                {base::ShortDurationText(OwnTime(layout_, place)), Ink::kDim},
                {bars_.Of(place), IsError(placed) ? Ink::kRed : Ink::kGreen}});
  }

  std::string ErrorText(const PlacedSpan& placed) const {
    const std::string message = VisibleText(placed.span.span().status_message);
    const std::string mark = look_.unicode ? " ✗" : " ERROR";
    if (message.empty()) return look_.unicode ? mark + " error" : mark;
    return mark + " " + FitTo(message, kMessageWidth, look_.ellipsis());
  }

  const TraceLayout& layout_;
  const bool all_;
  const Look& look_;
  const Bars bars_;
  const std::vector<uint32_t> shapes_;
  std::vector<size_t> ends_;  // of the spans above, by depth
  std::vector<Run> runs_;     // those whose rest is to come, the next one last
  Table table_{{{.title = "SPAN", .shrinks = true},
                {.title = "SERVICE", .shrinks = true},
                {.title = "DURATION", .right = true},
                {.title = "OWN", .right = true},
                {.title = ""}}};
};

std::string Counted(size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string Heading(const TraceLayout& layout, const Look& look) {
  std::set<std::string_view> services;
  size_t errors = 0;
  for (const PlacedSpan& placed : layout.spans) {
    services.insert(placed.span.service_name());
    errors += IsError(placed) ? 1 : 0;
  }
  const std::string id = layout.spans[0].span.entry().trace_id.ToHex();
  return fmt::format(
      "trace {}\n{}, {}, {} of {}, {}\n\n", look.Paint(id, Ink::kBold),
      WhenText(layout.start_time_unix_nano),
      base::ShortDurationText(layout.end_time_unix_nano - layout.start_time_unix_nano),
      Counted(layout.spans.size(), "span"), Counted(services.size(), "service"),
      look.Paint(Counted(errors, "error"), errors > 0 ? Ink::kRed : Ink::kPlain));
}

}  // namespace

uint64_t OwnTime(const TraceLayout& layout, size_t place) {
  uint64_t own = 0;
  ForEachOwnPiece(layout, place, [&own](uint64_t from, uint64_t to) { own += to - from; });
  return own;
}

std::string TraceTreeText(const TraceLayout& layout, bool all, const Look& look) {
  if (layout.spans.empty()) return "no spans\n";
  return Heading(layout, look) + TreeWriter(layout, all, look).Write();
}

}  // namespace spandrel::cli
