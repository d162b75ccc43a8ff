// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/describe.h"

#include <fmt/format.h>

#include <chrono>
#include <string>

#include "base/go_duration.h"
#include "span/span_view.h"
#include "span/value.h"

namespace spandrel::exporters {
namespace {

std::string Quoted(std::string_view text) {
  std::string json;
  span::AppendJsonString(text, &json);
  return json;
}

void WriteAttributes(span::AttributeReader attributes, std::string_view indent,
                     const LineWriter& write_line) {
  while (const auto attribute = attributes.Next()) {
    std::string line = fmt::format("{}{}: ", indent, Quoted(attribute->key));
    span::AppendValueJson(attribute->value, &line);
    write_line(line);
  }
}

std::string Summary(const span::SpanRef& span) {
  const span::SpanEntry& entry = span.entry();
  return fmt::format(
      "span {} {} {} trace {} id {} parent {} {} status {}", Quoted(span.service_name()),
      Quoted(span.name()), span::SpanKindName(entry.kind), entry.trace_id.ToHex(),
      entry.span_id.ToHex(), entry.parent_span_id.IsZero() ? "-" : entry.parent_span_id.ToHex(),
      base::FormatGoDuration(std::chrono::nanoseconds(static_cast<int64_t>(entry.duration_nano()))),
      span::SpanStatusName(entry.status));
}

void WriteEventsAndLinks(const span::SpanView& view, const LineWriter& write_line) {
  auto events = view.events();
  while (const auto message = events.Next()) {
    const span::EventView event(*message);
    write_line(fmt::format("  event {} at {}", Quoted(event.name), event.time_unix_nano));
    WriteAttributes(event.attributes(), "    ", write_line);
  }
  auto links = view.links();
  while (const auto message = links.Next()) {
    const span::LinkView link(*message);
    write_line(
        fmt::format("  link to trace {} span {}", link.trace_id.ToHex(), link.span_id.ToHex()));
    WriteAttributes(link.attributes(), "    ", write_line);
  }
}

void WriteDetails(const span::SpanRef& span, const LineWriter& write_line) {
  write_line("  resource");
  WriteAttributes(span.resource().attributes(), "    ", write_line);
  const span::ScopeView scope = span.scope();
  write_line(fmt::format("  scope {} {}", Quoted(scope.name), Quoted(scope.version)));
  WriteAttributes(scope.attributes(), "    ", write_line);
  const span::SpanView view = span.span();
  write_line(fmt::format("  start {} end {} flags {:#x}", span.entry().start_time_unix_nano,
                         span.entry().end_time_unix_nano, view.flags));
  if (!view.trace_state.empty()) write_line("  trace state " + Quoted(view.trace_state));
  if (!view.status_message.empty()) write_line("  status message " + Quoted(view.status_message));
  write_line("  attributes");
  WriteAttributes(view.attributes(), "    ", write_line);
  WriteEventsAndLinks(view, write_line);
}

}  // namespace

void DescribeBatch(const span::SpanBatch& batch, Verbosity verbosity,
                   const LineWriter& write_line) {
  size_t resources = 0;
  for (const auto& chunk : batch.chunks()) resources += chunk->resources.size();
  write_line(fmt::format("traces: {} spans of {} resources, {} bytes", batch.span_count(),
                         resources, batch.byte_size()));
  if (verbosity == Verbosity::kBasic) return;
  span::ForEachSpan(batch, [&](const span::SpanRef& span) {
    write_line(Summary(span));
    if (verbosity == Verbosity::kDetailed) WriteDetails(span, write_line);
  });
}

}  // namespace spandrel::exporters
