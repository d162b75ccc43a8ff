// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/ids.h"
#include "cli/look.h"
#include "cli/output.h"
#include "cli/rows_json.h"
#include "cli/span_text.h"
#include "cli/trace_tree.h"
#include "query/trace_layout.h"
#include "store_tool/otlp_file.h"

namespace spandrel::cli {
namespace {

using query::TraceLayout;

std::optional<size_t> FindSpan(const TraceLayout& layout, const span::SpanId& id) {
  for (size_t place = 0; place < layout.spans.size(); ++place) {
    if (layout.spans[place].span.entry().span_id == id) return place;
  }
  return std::nullopt;
}

int PrintSpan(const TraceLayout& layout, const CommandOptions& options) {
  const auto id = ReadSpanId(options.span_id);
  if (!id.ok()) return Fail(id.status().Annotate("--span"));
  const auto place = FindSpan(layout, *id);
  if (!place) {
    Complain(fmt::format("the trace has no span {}", id->ToHex()));
    return kNothingFound;
  }
  if (options.format == "json") {
    PutJson(SpanJson(layout.spans[*place].span));
  } else {
    Put(SpanText(layout, *place, LookOfOutput(options.color)));
  }
  return kFound;
}

int PrintAll(const span::SpanBatch& trace, const TraceLayout& layout,
             const CommandOptions& options) {
  if (options.format == "otlp") {
    PutJson(store_tool::EncodeFileEntry(trace, store_tool::OtlpFormat::kJson));
  } else if (options.format == "json") {
    for (const query::PlacedSpan& placed : layout.spans) PutJson(SpanJson(placed.span));
  } else {
    Put(TraceTreeText(layout, options.all, LookOfOutput(options.color)));
  }
  return kFound;
}

}  // namespace

int PrintTrace(Source& source, const CommandOptions& options) {
  const auto id = ReadTraceId(options.trace_id);
  if (!id.ok()) return Fail(id.status());
  if (!options.span_id.empty() && options.format == "otlp") {
    return Fail({base::StatusCode::kInvalidArgument, "--span: not with --format otlp"});
  }
  const auto trace = source.Trace(*id);
  if (!trace.ok() && trace.status().code() == base::StatusCode::kNotFound) {
    Complain(fmt::format("there is no trace {}", id->ToHex()));
    return kNothingFound;
  }
  if (!trace.ok()) return FailedQuestion(trace.status(), options);
  const TraceLayout layout = query::LayOutTrace(*trace);
  return options.span_id.empty() ? PrintAll(*trace, layout, options) : PrintSpan(layout, options);
}

}  // namespace spandrel::cli
