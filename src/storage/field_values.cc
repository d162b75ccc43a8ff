// SPDX-License-Identifier: Apache-2.0
#include "storage/field_values.h"

namespace spandrel::storage {
namespace {

using span::ValueView;

bool VisitText(std::string_view text, const ValueVisitor& visit) {
  return visit(ValueView::OfString(text));
}

bool VisitId(std::string_view raw, const ValueVisitor& visit) {
  const std::string hex = base::HexEncode(raw);
  return VisitText(hex, visit);
}

bool VisitAttribute(span::AttributeReader list, const AttributeField& attribute,
                    const ValueVisitor& visit) {
  const auto value = FindAttribute(list, attribute);
  return value && visit(*value);
}

// Visits `read(message)` of each event or link until one stops.
template <typename Read>
bool VisitEach(span::MessageReader messages, Read&& read) {
  while (const auto message = messages.Next()) {
    if (read(*message)) return true;
  }
  return false;
}

bool VisitEachEvent(const Field& field, const span::SpanRef& span, const ValueVisitor& visit) {
  return VisitEach(span.span().events(), [&](std::string_view message) {
    return VisitEventField(field, span, span::EventView(message), visit);
  });
}

bool VisitEachLink(const Field& field, const span::SpanRef& span, const ValueVisitor& visit) {
  return VisitEach(span.span().links(), [&](std::string_view message) {
    return VisitLinkField(field, span::LinkView(message), visit);
  });
}

// The first of the two lists that has the attribute decides.
bool VisitUnscoped(const AttributeField& field, const span::SpanRef& span,
                   const ValueVisitor& visit) {
  if (const auto value = FindAttribute(span.span().attributes(), field)) return visit(*value);
  return VisitAttribute(span.resource().attributes(), field, visit);
}

bool VisitAttributeField(const AttributeField& field, const span::SpanRef& span,
                         const ValueVisitor& visit) {
  switch (field.scope) {
    case AttributeScope::kSpan:
      return VisitAttribute(span.span().attributes(), field, visit);
    case AttributeScope::kResource:
      return VisitAttribute(span.resource().attributes(), field, visit);
    case AttributeScope::kInstrumentation:
      return VisitAttribute(span.scope().attributes(), field, visit);
    case AttributeScope::kEvent:
      return VisitEachEvent(field, span, visit);
    case AttributeScope::kLink:
      return VisitEachLink(field, span, visit);
    case AttributeScope::kUnscoped:
      return VisitUnscoped(field, span, visit);
    case AttributeScope::kAny:
      break;
  }
  return VisitAttribute(span.span().attributes(), field, visit) ||
         VisitAttribute(span.resource().attributes(), field, visit) ||
         VisitAttribute(span.scope().attributes(), field, visit) ||
         VisitEachEvent(field, span, visit) || VisitEachLink(field, span, visit);
}

bool VisitIntrinsic(Intrinsic intrinsic, const span::SpanRef& span, const ValueVisitor& visit) {
  const span::SpanEntry& entry = span.entry();
  switch (intrinsic) {
    case Intrinsic::kTraceId:
      return VisitId(entry.trace_id.view(), visit);
    case Intrinsic::kSpanId:
      return VisitId(entry.span_id.view(), visit);
    case Intrinsic::kParentSpanId:
      return entry.parent_span_id.IsZero() ? VisitText("", visit)
                                           : VisitId(entry.parent_span_id.view(), visit);
    case Intrinsic::kTraceState:
      return VisitText(span.span().trace_state, visit);
    case Intrinsic::kName:
      return VisitText(span.name(), visit);
    case Intrinsic::kKind:
      return VisitText(span::SpanKindName(entry.kind), visit);
    case Intrinsic::kStatus:
      return VisitText(span::SpanStatusName(entry.status), visit);
    case Intrinsic::kStatusMessage:
      return VisitText(span.span().status_message, visit);
    case Intrinsic::kStartTime:
      return visit(ValueView::OfInt(static_cast<int64_t>(entry.start_time_unix_nano)));
    case Intrinsic::kDuration:
      return visit(ValueView::OfInt(static_cast<int64_t>(entry.duration_nano())));
    case Intrinsic::kServiceName:
      return VisitText(span.service_name(), visit);
    case Intrinsic::kScopeName:
      return VisitText(span.scope().name, visit);
    case Intrinsic::kScopeVersion:
      return VisitText(span.scope().version, visit);
    case Intrinsic::kEventName:
    case Intrinsic::kEventTimeSinceStart:
      return VisitEachEvent(intrinsic, span, visit);
    case Intrinsic::kLinkTraceId:
    case Intrinsic::kLinkSpanId:
      return VisitEachLink(intrinsic, span, visit);
    default:
      return false;
  }
}

}  // namespace

std::optional<ValueView> FindAttribute(span::AttributeReader list,
                                       const AttributeField& attribute) {
  if (attribute.other_keys.empty()) return span::FindAttribute(list, attribute.key);
  std::optional<ValueView> found;
  size_t name_found = CountOfNames(attribute) - 1;
  while (const auto at = list.Next()) {
    const size_t name = NameIndex(attribute, at->key);
    if (name > name_found) continue;
    found = at->value;
    name_found = name;
  }
  return found;
}

bool VisitEventField(const Field& field, const span::SpanRef& span, const span::EventView& event,
                     const ValueVisitor& visit) {
  if (const auto* attribute = std::get_if<AttributeField>(&field)) {
    return VisitAttribute(event.attributes(), *attribute, visit);
  }
  if (std::get<Intrinsic>(field) == Intrinsic::kEventName) return VisitText(event.name, visit);
  const uint64_t since = event.time_unix_nano - span.entry().start_time_unix_nano;
  return visit(ValueView::OfInt(static_cast<int64_t>(since)));
}

bool VisitLinkField(const Field& field, const span::LinkView& link, const ValueVisitor& visit) {
  if (const auto* attribute = std::get_if<AttributeField>(&field)) {
    return VisitAttribute(link.attributes(), *attribute, visit);
  }
  const bool is_trace = std::get<Intrinsic>(field) == Intrinsic::kLinkTraceId;
  return VisitId(is_trace ? link.trace_id.view() : link.span_id.view(), visit);
}

bool VisitFieldValues(const Field& field, const span::SpanRef& span, const ValueVisitor& visit) {
  if (const auto* intrinsic = std::get_if<Intrinsic>(&field)) {
    return VisitIntrinsic(*intrinsic, span, visit);
  }
  return VisitAttributeField(std::get<AttributeField>(field), span, visit);
}

}  // namespace spandrel::storage
