// SPDX-License-Identifier: Apache-2.0
#include "api/text/trace_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/duration_text.h"
#include "base/time_text.h"
#include "base/utf8.h"
#include "query/critical_path.h"
#include "query/trace_layout.h"

namespace spandrel::api {
namespace {

constexpr size_t kMaxValueBytes = 400;
constexpr size_t kMaxListed = 30;
constexpr size_t kMaxAttributes = 200;
constexpr uint32_t kMaxIndent = 40;

std::string ShareText(uint64_t part, uint64_t whole) {
  if (whole == 0) return "0%";
  return fmt::format("{:.1f}%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string_view ServiceOf(const span::SpanRef& span) {
  return span.service_name().empty() ? "(no service name)" : span.service_name();
}

bool IsError(const span::SpanRef& span) {
  return span.entry().status == span::SpanStatus::kError;
}

std::string NameText(const span::SpanRef& span) {
  return fmt::format("{} [{}]", OneLine(span.name()), OneLine(ServiceOf(span)));
}

// Which spans of a long outline are shown: the longest and the failed, and all above them.
std::vector<bool> Shown(const query::TraceLayout& layout, size_t max_spans) {
  std::vector<bool> shown(layout.spans.size(), layout.spans.size() <= max_spans);
  if (layout.spans.size() <= max_spans) return shown;
  std::vector<size_t> order(layout.spans.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto rank = [&layout](size_t place) {
    const span::SpanRef& span = layout.spans[place].span;
    return std::pair(!IsError(span), UINT64_MAX - span.entry().duration_nano());
  };
  std::stable_sort(order.begin(), order.end(),
                   [&rank](size_t a, size_t b) { return rank(a) < rank(b); });
  for (size_t i = 0; i < max_spans; ++i) shown[order[i]] = true;
  // In pre-order the parent is the last span before it that is less deep.
  std::vector<size_t> above;
  for (size_t place = 0; place < layout.spans.size(); ++place) {
    above.resize(std::min<size_t>(above.size(), layout.spans[place].depth));
    if (shown[place]) {
      // What is above a shown span is shown already from some depth on.
      for (size_t i = above.size(); i-- > 0 && !shown[above[i]];) shown[above[i]] = true;
    }
    above.push_back(place);
  }
  return shown;
}

std::string Indent(uint32_t depth) {
  return std::string(2 * static_cast<size_t>(std::min(depth, kMaxIndent)), ' ');
}

std::string OutlineLine(const query::PlacedSpan& placed, uint64_t critical,
                        const query::TraceLayout& layout) {
  const span::SpanEntry& entry = placed.span.entry();
  std::string line =
      fmt::format("{}{} {} {} +{} {}", Indent(placed.depth), NameText(placed.span),
                  span::SpanKindName(entry.kind), base::ShortDurationText(entry.duration_nano()),
                  base::ShortDurationText(entry.start_time_unix_nano - layout.start_time_unix_nano),
                  entry.span_id.ToHex());
  if (critical > 0) {
    line += fmt::format(" critical={}", ShareText(critical, layout.end_time_unix_nano -
                                                                layout.start_time_unix_nano));
  }
  if (placed.is_orphan) line += " (its parent is not stored)";
  if (IsError(placed.span)) {
    const std::string message = OneLine(placed.span.span().status_message);
    line += message.empty() ? " ERROR" : " ERROR: " + message;
  }
  return line + "\n";
}

std::string Heading(const query::TraceLayout& layout) {
  if (layout.spans.empty()) return "no spans\n";
  const auto errors = std::count_if(layout.spans.begin(), layout.spans.end(),
                                    [](const auto& placed) { return IsError(placed.span); });
  return fmt::format(
      "trace {}: {} spans, {} errors, {} from {}\n",
      layout.spans.front().span.entry().trace_id.ToHex(), layout.spans.size(), errors,
      base::ShortDurationText(layout.end_time_unix_nano - layout.start_time_unix_nano),
      base::Rfc3339Text(layout.start_time_unix_nano));
}

template <typename Key>
std::vector<std::pair<Key, uint64_t>> MostFirst(const std::map<Key, uint64_t>& sums) {
  std::vector<std::pair<Key, uint64_t>> sorted(sums.begin(), sums.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

void AppendAttributes(std::string_view prefix, span::AttributeReader attributes,
                      std::string* text) {
  size_t listed = 0;
  size_t more = 0;
  while (const auto attribute = attributes.Next()) {
    if (listed == kMaxAttributes) {
      ++more;
      continue;
    }
    ++listed;
    *text += fmt::format("{}{} = {}\n", prefix, OneLine(attribute->key),
                         OneLine(attribute->value.ToText()));
  }
  if (more > 0) *text += fmt::format("{}and {} more attributes\n", prefix, more);
}

}  // namespace

std::string OneLine(std::string_view text) {
  std::string line(base::Utf8Prefix(text, kMaxValueBytes));
  if (line.size() < text.size()) line += fmt::format("... ({} bytes)", text.size());
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  return line;
}

std::string SummaryText(const storage::TraceSummary& trace) {
  std::string services;
  for (const auto& service : trace.services) {
    services += (services.empty() ? "" : ", ") + OneLine(service.name);
  }
  return fmt::format("{} {} [{}] {} {} spans={} errors={} services={}\n", trace.trace_id.ToHex(),
                     OneLine(trace.root_name), OneLine(trace.root_service),
                     base::Rfc3339Text(trace.start_time_unix_nano),
                     base::ShortDurationText(trace.duration_nano()), trace.span_count,
                     trace.error_count, OneLine(services));
}

std::string OutlineText(const span::SpanBatch& trace, size_t max_spans) {
  const query::TraceLayout layout = query::LayOutTrace(trace);
  const std::vector<uint64_t> critical = query::CriticalSelfTimes(layout);
  const std::vector<bool> shown = Shown(layout, max_spans);
  std::string text = Heading(layout);
  size_t left_out = 0;
  const auto say_left_out = [&text, &left_out](uint32_t depth) {
    if (left_out > 0) text += fmt::format("{}({} spans left out)\n", Indent(depth), left_out);
    left_out = 0;
  };
  for (size_t place = 0; place < layout.spans.size(); ++place) {
    if (!shown[place]) {
      ++left_out;
      continue;
    }
    say_left_out(layout.spans[place].depth);
    text += OutlineLine(layout.spans[place], critical[place], layout);
  }
  say_left_out(0);
  return text;
}

std::string CriticalPathText(const span::SpanBatch& trace) {
  const query::TraceLayout layout = query::LayOutTrace(trace);
  const std::vector<uint64_t> critical = query::CriticalSelfTimes(layout);
  const uint64_t whole = layout.end_time_unix_nano - layout.start_time_unix_nano;
  std::map<std::string_view, uint64_t> services;
  std::map<std::string, uint64_t> names;
  std::map<std::string, uint64_t> counts;
  for (size_t place = 0; place < critical.size(); ++place) {
    if (critical[place] == 0) continue;
    const span::SpanRef& span = layout.spans[place].span;
    services[ServiceOf(span)] += critical[place];
    names[NameText(span)] += critical[place];
    ++counts[NameText(span)];
  }
  std::string text = Heading(layout) + "by service:\n";
  for (const auto& [service, time] : MostFirst(services)) {
    text += fmt::format("  {} {} {}\n", ShareText(time, whole), base::ShortDurationText(time),
                        OneLine(service));
  }
  text += "by span, its own time:\n";
  size_t listed = 0;
  for (const auto& [name, time] : MostFirst(names)) {
    if (++listed > kMaxListed) break;
    text += fmt::format("  {} {} {} x{}\n", ShareText(time, whole), base::ShortDurationText(time),
                        name, counts[name]);
  }
  if (names.size() > kMaxListed) text += fmt::format("  and {} more\n", names.size() - kMaxListed);
  return text;
}

std::string ErrorsText(const span::SpanBatch& trace) {
  const query::TraceLayout layout = query::LayOutTrace(trace);
  std::vector<const query::PlacedSpan*> failed;
  for (const query::PlacedSpan& placed : layout.spans) {
    if (IsError(placed.span)) failed.push_back(&placed);
  }
  std::stable_sort(failed.begin(), failed.end(),
                   [](const auto* a, const auto* b) { return a->depth > b->depth; });
  std::string text = Heading(layout);
  for (size_t i = 0; i < failed.size() && i < kMaxListed; ++i) {
    const span::SpanRef& span = failed[i]->span;
    const span::SpanView view = span.span();
    text += fmt::format("depth {} {} {} {}\n", failed[i]->depth, NameText(span),
                        span.entry().span_id.ToHex(), OneLine(view.status_message));
    span::MessageReader events = view.events();
    while (const auto message = events.Next()) {
      const span::EventView event(*message);
      if (event.name != "exception") continue;
      for (const char* key : {"exception.type", "exception.message"}) {
        const auto value = span::FindAttribute(event.attributes(), key);
        if (value) text += fmt::format("  {}: {}\n", key, OneLine(value->ToText()));
      }
    }
  }
  if (failed.size() > kMaxListed) text += fmt::format("and {} more\n", failed.size() - kMaxListed);
  return text;
}

std::string SpanText(const span::SpanRef& span) {
  const span::SpanEntry& entry = span.entry();
  const span::SpanView view = span.span();
  std::string text = fmt::format(
      "{} {}\ntrace {} span {} parent {}\nstart {} duration {}\nstatus {} {}\n", NameText(span),
      span::SpanKindName(entry.kind), entry.trace_id.ToHex(), entry.span_id.ToHex(),
      entry.parent_span_id.IsZero() ? "none" : entry.parent_span_id.ToHex(),
      base::Rfc3339Text(entry.start_time_unix_nano), base::ShortDurationText(entry.duration_nano()),
      span::SpanStatusName(entry.status), OneLine(view.status_message));
  AppendAttributes("", view.attributes(), &text);
  AppendAttributes("resource.", span.resource().attributes(), &text);
  span::MessageReader events = view.events();
  for (size_t i = 0; const auto message = events.Next(); ++i) {
    if (i == kMaxListed) {
      text += fmt::format("and {} more events\n", view.event_count - kMaxListed);
      break;
    }
    const span::EventView event(*message);
    text += fmt::format("event {} at {}\n", OneLine(event.name),
                        base::Rfc3339Text(event.time_unix_nano));
    AppendAttributes("  ", event.attributes(), &text);
  }
  span::MessageReader links = view.links();
  for (size_t i = 0; const auto message = links.Next(); ++i) {
    if (i == kMaxListed) break;
    const span::LinkView link(*message);
    text += fmt::format("link to trace {} span {}\n", link.trace_id.ToHex(), link.span_id.ToHex());
  }
  return text;
}

}  // namespace spandrel::api
