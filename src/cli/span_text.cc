// SPDX-License-Identifier: Apache-2.0
#include "cli/span_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration_text.h"
#include "cli/trace_tree.h"
#include "cli/visible_text.h"
#include "cli/when.h"

namespace spandrel::cli {
namespace {

constexpr size_t kMostKeyWidth = 40;

// Lines of keys and values, the values in one column.
class Lines {
 public:
  Lines(size_t indent, const Look& look) : indent_(indent), look_(look) {}

  void Add(std::string_view key, std::string_view value) {
    rows_.emplace_back(VisibleText(key), value);
  }
  void Add(span::AttributeReader attributes) {
    while (const auto attribute = attributes.Next()) {
      Add(attribute->key, attribute->value.ToText());
    }
  }
  std::string ToText() const {
    size_t width = 0;
    for (const auto& [key, value] : rows_) {
      width = std::max(width, std::min(kMostKeyWidth, DisplayWidth(key)));
    }
    std::string text;
    for (const auto& [key, value] : rows_) AppendRow(key, value, width, &text);
    return text;
  }

 private:
  void AppendRow(const std::string& key, std::string_view value, size_t width,
                 std::string* text) const {
    const size_t blanks = width - std::min(width, DisplayWidth(key));
    *text += fmt::format("{}{}{}  ", std::string(indent_, ' '), look_.Paint(key, Ink::kCyan),
                         std::string(blanks, ' '));
    for (size_t end = value.find('\n'); end != std::string_view::npos; end = value.find('\n')) {
      *text += VisibleText(value.substr(0, end)) + "\n" + std::string(indent_ + width + 2, ' ');
      value.remove_prefix(end + 1);
    }
    *text += VisibleText(value) + "\n";
  }

  const size_t indent_;
  const Look& look_;
  std::vector<std::pair<std::string, std::string>> rows_;
};

std::string Section(std::string_view title, span::AttributeReader attributes, const Look& look) {
  Lines lines(2, look);
  lines.Add(attributes);
  const std::string text = lines.ToText();
  return text.empty() ? text : look.Paint(title, Ink::kBold) + "\n" + text;
}

std::string Offset(uint64_t time, uint64_t since) {
  return time < since ? "-" + base::ShortDurationText(since - time)
                      : "+" + base::ShortDurationText(time - since);
}

std::string EventsText(const span::SpanRef& span, const Look& look) {
  std::string text;
  span::MessageReader events = span.span().events();
  while (const auto message = events.Next()) {
    const span::EventView event(*message);
    text +=
        fmt::format("  {} {}\n", Offset(event.time_unix_nano, span.entry().start_time_unix_nano),
                    VisibleText(event.name));
    Lines lines(4, look);
    lines.Add(event.attributes());
    text += lines.ToText();
  }
  return text.empty() ? text : look.Paint("events", Ink::kBold) + "\n" + text;
}

std::string LinksText(const span::SpanRef& span, const Look& look) {
  std::string text;
  span::MessageReader links = span.span().links();
  while (const auto message = links.Next()) {
    const span::LinkView link(*message);
    text += fmt::format("  trace {} span {}\n", link.trace_id.ToHex(), link.span_id.ToHex());
    Lines lines(4, look);
    lines.Add(link.attributes());
    text += lines.ToText();
  }
  return text.empty() ? text : look.Paint("links", Ink::kBold) + "\n" + text;
}

std::string StatusText(const span::SpanRef& span, const Look& look) {
  const span::SpanView view = span.span();
  std::string text(span::SpanStatusName(span.entry().status));
  if (!view.status_message.empty()) text += ": " + VisibleText(view.status_message);
  return span.entry().status == span::SpanStatus::kError ? look.Paint(text, Ink::kRed) : text;
}

// What was dropped before it was sent.
std::string DroppedText(const span::SpanView& view) {
  std::string text;
  for (const auto& [count, what] : {std::pair(view.dropped_attributes_count, "attributes"),
                                    std::pair(view.dropped_events_count, "events"),
                                    std::pair(view.dropped_links_count, "links")}) {
    if (count > 0) text += fmt::format("{} {} were dropped by the sender\n", count, what);
  }
  return text;
}

}  // namespace

std::string SpanText(const query::TraceLayout& layout, size_t place, const Look& look) {
  const span::SpanRef& span = layout.spans[place].span;
  const span::SpanEntry& entry = span.entry();
  const span::SpanView view = span.span();
  const auto row = [](std::string_view name, const std::string& value) {
    return fmt::format("{:<10}{}\n", name, value);
  };
  std::string text = look.Paint(VisibleText(span.name()), Ink::kBold) + "\n";
  text += row("service", VisibleText(span.service_name()));
  text += row("trace", entry.trace_id.ToHex());
  text += row("span", entry.span_id.ToHex());
  text += row("parent", entry.parent_span_id.IsZero() ? "none" : entry.parent_span_id.ToHex());
  text += row("kind", std::string(span::SpanKindName(entry.kind)));
  text +=
      row("start", fmt::format("{} ({} in the trace)", WhenText(entry.start_time_unix_nano),
                               Offset(entry.start_time_unix_nano, layout.start_time_unix_nano)));
  text +=
      row("duration", fmt::format("{} ({} its own)", base::ShortDurationText(entry.duration_nano()),
                                  base::ShortDurationText(OwnTime(layout, place))));
  text += row("status", StatusText(span, look));
  text += Section("attributes", view.attributes(), look);
  text += Section("resource", span.resource().attributes(), look);
  text += EventsText(span, look);
  text += LinksText(span, look);
  return text + DroppedText(view);
}

}  // namespace spandrel::cli
