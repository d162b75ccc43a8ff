// SPDX-License-Identifier: Apache-2.0
#include "api/ui/span_json.h"

#include <string_view>

#include "api/http/json_text.h"
#include "span/value.h"

namespace spandrel::api {
namespace {

using wire::JsonWriter;

std::string_view TypeName(span::ValueType type) {
  switch (type) {
    case span::ValueType::kString:
      return "string";
    case span::ValueType::kBool:
      return "bool";
    case span::ValueType::kInt:
      return "int";
    case span::ValueType::kDouble:
      return "double";
    case span::ValueType::kArray:
      return "array";
    case span::ValueType::kKvlist:
      return "map";
    case span::ValueType::kBytes:
      return "bytes";
    case span::ValueType::kEmpty:
      break;
  }
  return "empty";
}

void WriteValue(const span::ValueView& value, JsonWriter* json) {
  if (value.type() == span::ValueType::kInt) return json->QuotedInt(value.as_int());
  std::string text;
  span::AppendValueJson(value, &text);
  json->Raw(text);
}

void WriteAttributes(span::AttributeReader attributes, JsonWriter* json) {
  json->Key("attributes");
  json->OpenArray();
  while (const auto attribute = attributes.Next()) {
    json->OpenObject();
    TextField("key", attribute->key, json);
    TextField("type", TypeName(attribute->value.type()), json);
    json->Key("value");
    WriteValue(attribute->value, json);
    json->CloseObject();
  }
  json->CloseArray();
}

void WriteResource(const span::SpanRef& span, JsonWriter* json) {
  const span::ResourceView resource = span.resource();
  json->Key("resource");
  json->OpenObject();
  WriteAttributes(resource.attributes(), json);
  TextField("schemaUrl", span.resource_schema_url(), json);
  UintField("droppedAttributes", resource.dropped_attributes_count(), json);
  json->CloseObject();
}

void WriteScope(const span::SpanRef& span, JsonWriter* json) {
  const span::ScopeView scope = span.scope();
  json->Key("scope");
  json->OpenObject();
  TextField("name", scope.name, json);
  TextField("version", scope.version, json);
  WriteAttributes(scope.attributes(), json);
  TextField("schemaUrl", span.scope_schema_url(), json);
  UintField("droppedAttributes", scope.dropped_attributes_count, json);
  json->CloseObject();
}

void WriteEvents(span::MessageReader events, JsonWriter* json) {
  json->Key("events");
  json->OpenArray();
  while (const auto message = events.Next()) {
    const span::EventView event(*message);
    json->OpenObject();
    DecimalField("timeNs", event.time_unix_nano, json);
    TextField("name", event.name, json);
    WriteAttributes(event.attributes(), json);
    UintField("droppedAttributes", event.dropped_attributes_count, json);
    json->CloseObject();
  }
  json->CloseArray();
}

void WriteLinks(span::MessageReader links, JsonWriter* json) {
  json->Key("links");
  json->OpenArray();
  while (const auto message = links.Next()) {
    const span::LinkView link(*message);
    json->OpenObject();
    TextField("traceId", link.trace_id.ToHex(), json);
    TextField("spanId", link.span_id.ToHex(), json);
    TextField("traceState", link.trace_state, json);
    WriteAttributes(link.attributes(), json);
    UintField("droppedAttributes", link.dropped_attributes_count, json);
    UintField("flags", link.flags, json);
    json->CloseObject();
  }
  json->CloseArray();
}

void WriteStatus(span::SpanStatus status, std::string_view message, JsonWriter* json) {
  json->Key("status");
  json->OpenObject();
  TextField("code", span::SpanStatusName(status), json);
  TextField("message", message, json);
  json->CloseObject();
}

}  // namespace

std::string SpanDetailsJson(const span::SpanRef& span) {
  const span::SpanEntry& entry = span.entry();
  const span::SpanView view = span.span();
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  TextField("traceId", entry.trace_id.ToHex(), &json);
  TextField("spanId", entry.span_id.ToHex(), &json);
  TextField("parentSpanId", entry.parent_span_id.IsZero() ? "" : entry.parent_span_id.ToHex(),
            &json);
  TextField("name", span.name(), &json);
  TextField("service", span.service_name(), &json);
  TextField("kind", span::SpanKindName(entry.kind), &json);
  DecimalField("startNs", entry.start_time_unix_nano, &json);
  DecimalField("endNs", entry.end_time_unix_nano, &json);
  WriteStatus(entry.status, view.status_message, &json);
  TextField("traceState", view.trace_state, &json);
  UintField("flags", view.flags, &json);
  WriteAttributes(view.attributes(), &json);
  WriteResource(span, &json);
  WriteScope(span, &json);
  WriteEvents(view.events(), &json);
  WriteLinks(view.links(), &json);
  UintField("droppedAttributes", view.dropped_attributes_count, &json);
  UintField("droppedEvents", view.dropped_events_count, &json);
  UintField("droppedLinks", view.dropped_links_count, &json);
  json.CloseObject();
  return text;
}

}  // namespace spandrel::api
