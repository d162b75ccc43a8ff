// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/tempo_json.h"

#include <cstdint>
#include <vector>

#include "api/http/json_text.h"
#include "api/tempo/tempo_attributes.h"

namespace spandrel::api {
namespace {

using storage::Value;
using wire::JsonWriter;

constexpr uint64_t kNanoPerMilli = 1'000'000;

void WriteAnyValue(const Value& value, JsonWriter* json) {
  json->OpenObject();
  if (const auto* text = std::get_if<std::string>(&value)) {
    TextField("stringValue", *text, json);
  } else if (const auto* whole = std::get_if<int64_t>(&value)) {
    json->Key("intValue");
    json->QuotedInt(*whole);
  } else if (const auto* number = std::get_if<double>(&value)) {
    json->Key("doubleValue");
    json->Double(*number);
  } else {
    json->Key("boolValue");
    json->Bool(std::get<bool>(value));
  }
  json->CloseObject();
}

void WriteAttribute(std::string_view key, const std::vector<Value>& values, JsonWriter* json) {
  json->OpenObject();
  TextField("key", key, json);
  json->Key("value");
  if (values.size() == 1) {
    WriteAnyValue(values[0], json);
  } else {
    json->OpenObject();
    json->Key("arrayValue");
    json->OpenObject();
    json->Key("values");
    json->OpenArray();
    for (const Value& value : values) WriteAnyValue(value, json);
    json->CloseArray();
    json->CloseObject();
    json->CloseObject();
  }
  json->CloseObject();
}

void WriteSpan(const query::FoundSpan& span, JsonWriter* json) {
  json->OpenObject();
  json->Key("spanID");
  json->Hex(span.span_id.view());
  if (const std::string name = TempoSpanName(span); !name.empty()) TextField("name", name, json);
  DecimalField("startTimeUnixNano", span.start_time_unix_nano, json);
  DecimalField("durationNanos", span.duration_nano, json);
  const std::vector<TempoAttribute> attributes = TempoAttributesOf(span);
  if (!attributes.empty()) {
    json->Key("attributes");
    json->OpenArray();
    for (const TempoAttribute& one : attributes) WriteAttribute(one.key, one.values, json);
    json->CloseArray();
  }
  json->CloseObject();
}

void WriteSpanset(const query::FoundSpanset& spanset, JsonWriter* json) {
  json->OpenObject();
  json->Key("spans");
  json->OpenArray();
  for (const query::FoundSpan& span : spanset.spans) WriteSpan(span, json);
  json->CloseArray();
  UintField("matched", spanset.matched, json);
  if (!spanset.labels.empty()) {
    json->Key("attributes");
    json->OpenArray();
    for (const auto& [key, value] : spanset.labels) WriteTempoAttribute(key, value, json);
    json->CloseArray();
  }
  json->CloseObject();
}

void WriteServices(const std::vector<storage::ServiceSummary>& services, JsonWriter* json) {
  json->Key("serviceStats");
  json->OpenObject();
  for (const storage::ServiceSummary& service : services) {
    json->EscapedKey(service.name);
    json->OpenObject();
    UintField("spanCount", service.span_count, json);
    if (service.error_count > 0) UintField("errorCount", service.error_count, json);
    json->CloseObject();
  }
  json->CloseObject();
}

void WriteInspected(const storage::QueryContext& context, JsonWriter* json) {
  const storage::Inspected inspected = context.inspected();
  DecimalField("inspectedBytes", inspected.bytes, json);
  UintField("totalJobs", 1, json);
  UintField("completedJobs", 1, json);
}

}  // namespace

void WriteTempoAttribute(std::string_view key, const storage::OptionalValue& value,
                         JsonWriter* json) {
  WriteAttribute(key, {TempoLabelValue(value)}, json);
}

void WriteTempoTrace(const query::FoundTrace& trace, JsonWriter* json) {
  json->OpenObject();
  json->Key("traceID");
  json->Hex(trace.trace_id.view());
  TextField("rootServiceName", trace.has_root ? std::string_view(trace.root_service) : kTempoNoRoot,
            json);
  if (trace.has_root) TextField("rootTraceName", trace.root_name, json);
  DecimalField("startTimeUnixNano", trace.start_time_unix_nano, json);
  UintField("durationMs", trace.duration_nano / kNanoPerMilli, json);
  json->Key("spanSet");
  WriteSpanset(trace.spansets[0], json);
  json->Key("spanSets");
  json->OpenArray();
  for (const query::FoundSpanset& spanset : trace.spansets) WriteSpanset(spanset, json);
  json->CloseArray();
  WriteServices(trace.services, json);
  json->CloseObject();
}

void WriteTempoSearchMetrics(const storage::QueryContext& context, size_t traces,
                             JsonWriter* json) {
  json->Key("metrics");
  json->OpenObject();
  UintField("inspectedTraces", traces, json);
  DecimalField("inspectedSpans", context.inspected().spans, json);
  WriteInspected(context, json);
  json->CloseObject();
}

void WriteTempoMetrics(const storage::QueryContext& context, JsonWriter* json) {
  json->Key("metrics");
  json->OpenObject();
  WriteInspected(context, json);
  json->CloseObject();
}

}  // namespace spandrel::api
