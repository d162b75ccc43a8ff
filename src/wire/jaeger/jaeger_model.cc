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

void VisitText(std::string_view key, std::string_view text, const JaegerTagVisitor& visit) {
  if (!text.empty()) visit(key, ValueView::OfString(text));
}

void VisitStatus(const span::SpanEntry& entry, const span::SpanView& span,
                 const JaegerTagVisitor& visit) {
  if (entry.status == span::SpanStatus::kOk) VisitText("otel.status_code", "OK", visit);
  if (entry.status == span::SpanStatus::kError) {
    VisitText("otel.status_code", "ERROR", visit);
    visit("error", ValueView::OfBool(true));
  }
  VisitText("otel.status_description", span.status_message, visit);
}

JaegerReference ToReference(const span::LinkView& link) {
  const auto type = span::FindAttribute(link.attributes(), kReferenceType);
  const bool is_child = type && type->type() == ValueType::kString && type->bytes() == "child_of";
  return {is_child ? JaegerReference::Type::kChildOf : JaegerReference::Type::kFollowsFrom,
          link.trace_id, link.span_id};
}

JaegerTagVisitor AddTo(std::vector<JaegerTag>* tags) {
  return [tags](std::string_view key, const ValueView& value) {
    tags->push_back({std::string(key), ToJaegerValue(value)});
  };
}

}  // namespace

void VisitJaegerTags(const span::SpanRef& ref, const span::SpanView& span,
                     const JaegerTagVisitor& visit, std::optional<ValueView>* warnings) {
  const span::ScopeView scope = ref.scope();
  VisitText("otel.scope.name", scope.name, visit);
  VisitText("otel.scope.version", scope.version, visit);
  AttributeReader attributes = span.attributes();
  while (const auto attribute = attributes.Next()) {
    if (attribute->key == kJaegerWarnings) {
      *warnings = attribute->value;
    } else {
      visit(attribute->key, attribute->value);
    }
  }
  if (ref.entry().kind != span::SpanKind::kUnspecified) {
    VisitText("span.kind", span::SpanKindName(ref.entry().kind), visit);
  }
  VisitStatus(ref.entry(), span, visit);
  VisitText("w3c.tracestate", span.trace_state, visit);
}

void VisitJaegerLogFields(const span::EventView& event, const JaegerTagVisitor& visit) {
  if (!span::FindAttribute(event.attributes(), kEventName))
    VisitText(kEventName, event.name, visit);
  AttributeReader attributes = event.attributes();
  while (const auto attribute = attributes.Next()) visit(attribute->key, attribute->value);
}

void VisitJaegerProcessTags(const span::SpanRef& ref, const JaegerTagVisitor& visit) {
  AttributeReader attributes = ref.resource().attributes();
  while (const auto attribute = attributes.Next()) {
    if (attribute->key != kServiceName) visit(attribute->key, attribute->value);
  }
}

std::string_view JaegerServiceOf(const span::SpanRef& ref) {
  return ref.service_name().empty() ? kNoServiceName : ref.service_name();
}

std::vector<JaegerReference> JaegerReferencesOf(const span::SpanEntry& entry,
                                                const span::SpanView& span) {
  std::vector<JaegerReference> references;
  if (!entry.parent_span_id.IsZero()) {
    references.push_back({JaegerReference::Type::kChildOf, entry.trace_id, entry.parent_span_id});
  }
  span::MessageReader links = span.links();
  while (const auto link = links.Next()) references.push_back(ToReference(span::LinkView(*link)));
  return references;
}

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
  span.references = JaegerReferencesOf(entry, view);
  span.flags = view.flags & 1;
  span.start_time_unix_nano = entry.start_time_unix_nano;
  span.duration_nano = entry.duration_nano();
  std::optional<ValueView> warnings;
  VisitJaegerTags(ref, view, AddTo(&span.tags), &warnings);
  if (warnings) span.warnings = JaegerWarningsOf(*warnings);
  span::MessageReader events = view.events();
  while (const auto message = events.Next()) {
    const span::EventView event(*message);
    JaegerLog& log = span.logs.emplace_back();
    log.time_unix_nano = event.time_unix_nano;
    VisitJaegerLogFields(event, AddTo(&log.fields));
  }
  return span;
}

JaegerProcess ToJaegerProcess(const span::SpanRef& ref) {
  JaegerProcess process;
  process.service_name = JaegerServiceOf(ref);
  VisitJaegerProcessTags(ref, AddTo(&process.tags));
  return process;
}

}  // namespace spandrel::wire
