// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/tempo_json.h"

#include <chrono>
#include <cstdint>
#include <vector>

#include "api/http/json_text.h"
#include "base/go_duration.h"
#include "traceql/words.h"

namespace spandrel::api {
namespace {

using storage::Value;
using wire::JsonWriter;

constexpr std::string_view kNoRoot = "<root span not yet received>";
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

// What the span, or the trace, says beside its attributes anyway.
bool IsSaidElsewhere(const traceql::Field& field) {
  const auto* intrinsic = std::get_if<traceql::Intrinsic>(&field);
  if (intrinsic == nullptr) return false;
  switch (*intrinsic) {
    case traceql::Intrinsic::kName:
    case traceql::Intrinsic::kDuration:
    case traceql::Intrinsic::kTraceDuration:
    case traceql::Intrinsic::kRootName:
    case traceql::Intrinsic::kRootServiceName:
    case traceql::Intrinsic::kTraceId:
    case traceql::Intrinsic::kSpanId:
      return true;
    default:
      return false;
  }
}

// Durations as Go writes them.
std::vector<Value> Shown(const query::ShownValue& shown) {
  const auto* intrinsic = std::get_if<traceql::Intrinsic>(&shown.field);
  if (intrinsic == nullptr || traceql::TypeOf(*intrinsic) != traceql::Type::kDuration) {
    return shown.values;
  }
  std::vector<Value> texts;
  for (const Value& value : shown.values) {
    texts.emplace_back(base::FormatGoDuration(std::chrono::nanoseconds(std::get<int64_t>(value))));
  }
  return texts;
}

std::string_view KeyOf(const traceql::Field& field) {
  if (const auto* intrinsic = std::get_if<traceql::Intrinsic>(&field)) {
    return traceql::IntrinsicName(*intrinsic);
  }
  return std::get<traceql::Attribute>(field).key;
}

void WriteSpan(const query::FoundSpan& span, JsonWriter* json) {
  json->OpenObject();
  json->Key("spanID");
  json->Hex(span.span_id.view());
  for (const query::ShownValue& shown : span.values) {
    if (shown.field != traceql::Field(traceql::Intrinsic::kName)) continue;
    TextField("name", storage::ValueText(shown.values[0]), json);
  }
  DecimalField("startTimeUnixNano", span.start_time_unix_nano, json);
  DecimalField("durationNanos", span.duration_nano, json);
  bool is_open = false;
  for (const query::ShownValue& shown : span.values) {
    if (IsSaidElsewhere(shown.field)) continue;
    if (!is_open) {
      json->Key("attributes");
      json->OpenArray();
      is_open = true;
    }
    WriteAttribute(KeyOf(shown.field), Shown(shown), json);
  }
  if (is_open) json->CloseArray();
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
  WriteAttribute(key, {value.value_or(Value(std::string("nil")))}, json);
}

void WriteTempoTrace(const query::FoundTrace& trace, JsonWriter* json) {
  json->OpenObject();
  json->Key("traceID");
  json->Hex(trace.trace_id.view());
  TextField("rootServiceName", trace.has_root ? std::string_view(trace.root_service) : kNoRoot,
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
