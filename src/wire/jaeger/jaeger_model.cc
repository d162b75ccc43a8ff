// SPDX-License-Identifier: Apache-2.0
#include "wire/jaeger/jaeger_model.h"

#include <utility>

namespace spandrel::wire {
namespace {

using span::AttributeReader;
using span::ValueType;
using span::ValueView;

constexpr std::string_view kServiceName = "service.name";
constexpr std::string_view kEventName = "event";
constexpr std::string_view kReferenceType = "opentracing.ref_type";

JaegerValue ToJaegerValue(const ValueView& value) {
  switch (value.type()) {
    case ValueType::kBool:
      return value.as_bool();
    case ValueType::kInt:
      return value.as_int();
    case ValueType::kDouble:
      return value.as_double();
    case ValueType::kBytes:
      return JaegerBinary{std::string(value.bytes())};
    default:
      return value.ToText();
  }
}

void AddTag(std::string_view key, JaegerValue value, std::vector<JaegerTag>* tags) {
  tags->push_back({std::string(key), std::move(value)});
}

void AddText(std::string_view key, std::string_view text, std::vector<JaegerTag>* tags) {
  if (!text.empty()) AddTag(key, std::string(text), tags);
}

void AddAttributes(AttributeReader attributes, std::vector<JaegerTag>* tags) {
  while (const auto attribute = attributes.Next()) {
    AddTag(attribute->key, ToJaegerValue(attribute->value), tags);
  }
}

void AddStatus(const span::SpanEntry& entry, const span::SpanView& span,
               std::vector<JaegerTag>* tags) {
  if (entry.status == span::SpanStatus::kOk) AddText("otel.status_code", "OK", tags);
  if (entry.status == span::SpanStatus::kError) {
    AddText("otel.status_code", "ERROR", tags);
    AddTag("error", true, tags);
  }
  AddText("otel.status_description", span.status_message, tags);
}

// The tags of a span, and its warnings, which are kept among its attributes.
std::vector<JaegerTag> TagsOf(const span::SpanRef& ref, const span::SpanView& span,
                              std::vector<std::string>* warnings) {
  std::vector<JaegerTag> tags;
  const span::ScopeView scope = ref.scope();
  AddText("otel.scope.name", scope.name, &tags);
  AddText("otel.scope.version", scope.version, &tags);
  AttributeReader attributes = span.attributes();
  while (const auto attribute = attributes.Next()) {
    if (attribute->key == kJaegerWarnings) {
      *warnings = JaegerWarningsOf(attribute->value);
    } else {
      AddTag(attribute->key, ToJaegerValue(attribute->value), &tags);
    }
  }
  if (ref.entry().kind != span::SpanKind::kUnspecified) {
    AddText("span.kind", span::SpanKindName(ref.entry().kind), &tags);
  }
  AddStatus(ref.entry(), span, &tags);
  AddText("w3c.tracestate", span.trace_state, &tags);
  return tags;
}

JaegerReference ToReference(const span::LinkView& link) {
  const auto type = span::FindAttribute(link.attributes(), kReferenceType);
  const bool is_child = type && type->type() == ValueType::kString && type->bytes() == "child_of";
  return {is_child ? JaegerReference::Type::kChildOf : JaegerReference::Type::kFollowsFrom,
          link.trace_id, link.span_id};
}

std::vector<JaegerReference> ReferencesOf(const span::SpanEntry& entry,
                                          const span::SpanView& span) {
  std::vector<JaegerReference> references;
  if (!entry.parent_span_id.IsZero()) {
    references.push_back({JaegerReference::Type::kChildOf, entry.trace_id, entry.parent_span_id});
  }
  span::MessageReader links = span.links();
  while (const auto link = links.Next()) references.push_back(ToReference(span::LinkView(*link)));
  return references;
}

JaegerLog ToLog(const span::EventView& event) {
  JaegerLog log;
  log.time_unix_nano = event.time_unix_nano;
  if (!span::FindAttribute(event.attributes(), kEventName)) {
    AddText(kEventName, event.name, &log.fields);
  }
  AddAttributes(event.attributes(), &log.fields);
  return log;
}

}  // namespace

std::vector<std::string> JaegerWarningsOf(const ValueView& value) {
  if (value.type() != ValueType::kArray) return {value.ToText()};
  std::vector<std::string> warnings;
  span::ArrayReader texts(value.bytes());
  while (const auto text = texts.Next()) warnings.push_back(text->ToText());
  return warnings;
}

JaegerSpan ToJaegerSpan(const span::SpanRef& ref) {
  const span::SpanEntry& entry = ref.entry();
  const span::SpanView view = ref.span();
  JaegerSpan span;
  span.trace_id = entry.trace_id;
  span.span_id = entry.span_id;
  span.operation_name = ref.name();
  span.references = ReferencesOf(entry, view);
  span.flags = view.flags & 1;
  span.start_time_unix_nano = entry.start_time_unix_nano;
  span.duration_nano = entry.duration_nano();
  span.tags = TagsOf(ref, view, &span.warnings);
  span::MessageReader events = view.events();
  while (const auto event = events.Next()) span.logs.push_back(ToLog(span::EventView(*event)));
  return span;
}

JaegerProcess ToJaegerProcess(const span::SpanRef& ref) {
  JaegerProcess process;
  process.service_name = ref.service_name().empty() ? kNoServiceName : ref.service_name();
  AttributeReader attributes = ref.resource().attributes();
  while (const auto attribute = attributes.Next()) {
    if (attribute->key == kServiceName) continue;
    AddTag(attribute->key, ToJaegerValue(attribute->value), &process.tags);
  }
  return process;
}

}  // namespace spandrel::wire
