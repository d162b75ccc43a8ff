// SPDX-License-Identifier: Apache-2.0
#include "cli/rows_json.h"

#include <map>

#include "base/time_text.h"
#include "wire/json/json_writer.h"

namespace spandrel::cli {
namespace {

using wire::JsonWriter;

constexpr std::string_view kService = "service.name";
constexpr std::string_view kStatus = "status";
constexpr double kNanosPerMilli = 1e6;
constexpr double kNanosPerSecond = 1e9;

void Text(std::string_view key, std::string_view value, JsonWriter* json) {
  json->Key(key);
  json->String(value);
}

void Count(std::string_view key, uint64_t value, JsonWriter* json) {
  json->Key(key);
  json->Uint(value);
}

void Times(uint64_t start_unix_nano, uint64_t duration_nano, JsonWriter* json) {
  Text("start", base::Rfc3339Text(start_unix_nano), json);
  json->Key("durationMs");
  json->Double(static_cast<double>(duration_nano) / kNanosPerMilli);
}

const storage::Value* Find(const SpanRow& span, std::string_view key) {
  for (const auto& [name, value] : span.fields) {
    if (name == key) return &value;
  }
  return nullptr;
}

void WriteValue(const storage::Value& value, JsonWriter* json) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    json->String(*text);
  } else if (const auto* whole = std::get_if<int64_t>(&value)) {
    json->Int(*whole);
  } else if (const auto* number = std::get_if<double>(&value)) {
    json->Double(*number);
  } else {
    json->Bool(std::get<bool>(value));
  }
}

void WriteSpanMembers(const SpanRow& span, JsonWriter* json) {
  Text("spanId", span.span_id.ToHex(), json);
  if (const std::string service = ServiceOf(span); !service.empty()) Text("service", service, json);
  if (!span.name.empty()) Text("name", span.name, json);
  if (const auto* status = Find(span, kStatus)) Text("status", storage::ValueText(*status), json);
  Times(span.start_unix_nano, span.duration_nano, json);
  json->Key("fields");
  json->OpenObject();
  for (const auto& [key, value] : span.fields) {
    if (key == kService || key == kStatus) continue;
    json->EscapedKey(key);
    WriteValue(value, json);
  }
  json->CloseObject();
}

void WriteServices(const TraceRow& trace, JsonWriter* json) {
  json->Key("services");
  json->OpenArray();
  for (const std::string& service : trace.services) json->String(service);
  json->CloseArray();
}

// Of a key that is there more than once, the last.
void WriteAttributes(std::string_view name, span::AttributeReader reader, JsonWriter* json) {
  std::map<std::string_view, span::ValueView> attributes;
  while (const auto attribute = reader.Next()) attributes[attribute->key] = attribute->value;
  if (attributes.empty()) return;
  json->Key(name);
  json->OpenObject();
  for (const auto& [key, value] : attributes) {
    json->EscapedKey(key);
    std::string text;
    span::AppendValueJson(value, &text);
    json->Raw(text);
  }
  json->CloseObject();
}

void WriteEvents(const span::SpanView& view, JsonWriter* json) {
  if (view.event_count == 0) return;
  json->Key("events");
  json->OpenArray();
  span::MessageReader events = view.events();
  while (const auto message = events.Next()) {
    const span::EventView event(*message);
    json->OpenObject();
    Text("name", event.name, json);
    Text("time", base::Rfc3339Text(event.time_unix_nano), json);
    WriteAttributes("attributes", event.attributes(), json);
    json->CloseObject();
  }
  json->CloseArray();
}

void WriteLinks(const span::SpanView& view, JsonWriter* json) {
  if (view.link_count == 0) return;
  json->Key("links");
  json->OpenArray();
  span::MessageReader links = view.links();
  while (const auto message = links.Next()) {
    const span::LinkView link(*message);
    json->OpenObject();
    Text("traceId", link.trace_id.ToHex(), json);
    Text("spanId", link.span_id.ToHex(), json);
    WriteAttributes("attributes", link.attributes(), json);
    json->CloseObject();
  }
  json->CloseArray();
}

}  // namespace

std::string ServiceOf(const SpanRow& span) {
  const auto* service = Find(span, kService);
  return service == nullptr ? std::string() : storage::ValueText(*service);
}

bool IsError(const SpanRow& span) {
  const auto* status = Find(span, kStatus);
  return status != nullptr && storage::ValueText(*status) == "error";
}

std::string TraceJson(const TraceRow& trace) {
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  Text("traceId", trace.trace_id.ToHex(), &json);
  Times(trace.start_unix_nano, trace.duration_nano, &json);
  if (trace.has_root) {
    Text("rootService", trace.root_service, &json);
    Text("rootName", trace.root_name, &json);
  }
  Count("spanCount", trace.spans, &json);
  Count("errorCount", trace.errors, &json);
  Count("matchedCount", trace.matched, &json);
  WriteServices(trace, &json);
  json.Key("matched");
  json.OpenArray();
  for (const SpanRow& span : trace.shown) {
    json.OpenObject();
    WriteSpanMembers(span, &json);
    json.CloseObject();
  }
  json.CloseArray();
  json.CloseObject();
  return text + "\n";
}

std::string MatchJson(const TraceRow& trace, const SpanRow& span) {
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  Text("traceId", trace.trace_id.ToHex(), &json);
  WriteSpanMembers(span, &json);
  json.CloseObject();
  return text + "\n";
}

std::string SeriesJson(const SeriesRow& series) {
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  json.Key("labels");
  json.OpenObject();
  for (const auto& [key, value] : series.labels) {
    json.EscapedKey(key);
    json.String(value);
  }
  json.CloseObject();
  json.Key("points");
  json.OpenArray();
  for (const auto& [time, value] : series.points) {
    json.OpenArray();
    json.Double(static_cast<double>(time) / kNanosPerSecond);
    json.Double(value);
    json.CloseArray();
  }
  json.CloseArray();
  json.CloseObject();
  return text + "\n";
}

std::string SpanJson(const span::SpanRef& span) {
  const span::SpanEntry& entry = span.entry();
  const span::SpanView view = span.span();
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  Text("traceId", entry.trace_id.ToHex(), &json);
  Text("spanId", entry.span_id.ToHex(), &json);
  if (!entry.parent_span_id.IsZero()) Text("parentSpanId", entry.parent_span_id.ToHex(), &json);
  Text("service", span.service_name(), &json);
  Text("name", span.name(), &json);
  Text("kind", span::SpanKindName(entry.kind), &json);
  Text("status", span::SpanStatusName(entry.status), &json);
  if (!view.status_message.empty()) Text("statusMessage", view.status_message, &json);
  Times(entry.start_time_unix_nano, entry.duration_nano(), &json);
  WriteAttributes("attributes", view.attributes(), &json);
  WriteAttributes("resource", span.resource().attributes(), &json);
  WriteEvents(view, &json);
  WriteLinks(view, &json);
  json.CloseObject();
  return text + "\n";
}

}  // namespace spandrel::cli
