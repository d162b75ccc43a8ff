// SPDX-License-Identifier: Apache-2.0
#include "api/ui/summaries_json.h"

#include <fmt/format.h>

#include "api/http/cursor_text.h"
#include "api/http/json_text.h"
#include "span/ids.h"

namespace spandrel::api {
namespace {

using wire::JsonWriter;

void WriteSummary(const storage::TraceSummary& trace, JsonWriter* json) {
  json->OpenObject();
  TextField("traceId", trace.trace_id.ToHex(), json);
  TextField("rootService", trace.root_service, json);
  TextField("rootOperation", trace.root_name, json);
  TextField("rootKind", span::SpanKindName(trace.root_kind), json);
  DecimalField("startNs", trace.start_time_unix_nano, json);
  DecimalField("durationNs", trace.duration_nano(), json);
  UintField("spanCount", trace.span_count, json);
  UintField("errorCount", trace.error_count, json);
  UintField("orphanCount", trace.orphan_count, json);
  UintField("matchedCount", trace.matched_count, json);
  json->Key("services");
  json->OpenArray();
  for (const auto& service : trace.services) {
    json->OpenObject();
    TextField("name", service.name, json);
    UintField("spanCount", service.span_count, json);
    UintField("errorCount", service.error_count, json);
    json->CloseObject();
  }
  json->CloseArray();
  json->CloseObject();
}

void WriteCell(const query::Overview::Cell& cell, JsonWriter* json) {
  json->OpenArray();
  json->Uint(cell.column);
  json->Uint(cell.row);
  json->Uint(cell.count);
  json->CloseArray();
}

void WriteService(const query::MapService& service, JsonWriter* json) {
  json->OpenObject();
  TextField("name", service.name, json);
  DecimalField("spanCount", service.span_count, json);
  DecimalField("errorCount", service.error_count, json);
  DecimalField("p95Ns", service.p95_nano, json);
  json->CloseObject();
}

void WriteCall(const storage::Dependency& call, JsonWriter* json) {
  json->OpenObject();
  TextField("parent", call.parent, json);
  TextField("child", call.child, json);
  DecimalField("callCount", call.call_count, json);
  DecimalField("errorCount", call.error_count, json);
  DecimalField("p50Ns", call.latency.Quantile(0.50), json);
  DecimalField("p95Ns", call.latency.Quantile(0.95), json);
  json->CloseObject();
}

template <typename Items, typename Write>
void WriteList(std::string_view key, const Items& items, Write write, JsonWriter* json) {
  json->Key(key);
  json->OpenArray();
  for (const auto& item : items) write(item, json);
  json->CloseArray();
}

}  // namespace

std::string SearchResultJson(const storage::SearchResult& result, storage::Order order) {
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  WriteList("traces", result.traces, WriteSummary, &json);
  if (result.next) TextField("nextCursor", EncodeCursor(*result.next, order), &json);
  json.CloseObject();
  return text;
}

std::string OverviewJson(const query::Overview& overview) {
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  DecimalField("traceCount", overview.trace_count, &json);
  DecimalField("errorCount", overview.error_count, &json);
  DecimalField("p50Ns", overview.p50_nano, &json);
  DecimalField("p95Ns", overview.p95_nano, &json);
  DecimalField("p99Ns", overview.p99_nano, &json);
  DecimalField("fromNs", overview.from_unix_nano, &json);
  DecimalField("stepNs", overview.step_nano, &json);
  UintField("columns", overview.columns, &json);
  const auto write_bound = [](uint64_t bound, JsonWriter* to) { to->QuotedUint(bound); };
  WriteList("rowBoundsNs", overview.row_bounds_nano, write_bound, &json);
  WriteList("cells", overview.cells, WriteCell, &json);
  const auto write_count = [](uint64_t count, JsonWriter* to) { to->Uint(count); };
  WriteList("errors", overview.errors, write_count, &json);
  json.CloseObject();
  return text;
}

std::string ServiceMapJson(const query::ServiceMap& map) {
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  WriteList("services", map.services, WriteService, &json);
  WriteList("calls", map.calls, WriteCall, &json);
  json.CloseObject();
  return text;
}

}  // namespace spandrel::api
