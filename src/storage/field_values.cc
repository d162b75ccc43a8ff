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

bool VisitAttribute(span::AttributeReader attributes, std::string_view key,
                    const ValueVisitor& visit) {
  const auto value = span::FindAttribute(attributes, key);
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

bool VisitEventAttribute(const span::SpanRef& span, std::string_view key,
                         const ValueVisitor& visit) {
  return VisitEach(span.span().events(), [&](std::string_view message) {
    return VisitAttribute(span::EventView(message).attributes(), key, visit);
  });
}

bool VisitLinkAttribute(const span::SpanRef& span, std::string_view key,
                        const ValueVisitor& visit) {
  return VisitEach(span.span().links(), [&](std::string_view message) {
    return VisitAttribute(span::LinkView(message).attributes(), key, visit);
  });
}

// The first of the two lists that has the key decides.
bool VisitUnscoped(std::string_view key, const span::SpanRef& span, const ValueVisitor& visit) {
  if (const auto value = span::FindAttribute(span.span().attributes(), key)) return visit(*value);
  return VisitAttribute(span.resource().attributes(), key, visit);
}

bool VisitAttributeField(const AttributeField& field, const span::SpanRef& span,
                         const ValueVisitor& visit) {
  const std::string_view key = field.key;
  switch (field.scope) {
    case AttributeScope::kSpan:
      return VisitAttribute(span.span().attributes(), key, visit);
    case AttributeScope::kResource:
      return VisitAttribute(span.resource().attributes(), key, visit);
    case AttributeScope::kInstrumentation:
      return VisitAttribute(span.scope().attributes(), key, visit);
    case AttributeScope::kEvent:
      return VisitEventAttribute(span, key, visit);
    case AttributeScope::kLink:
      return VisitLinkAttribute(span, key, visit);
    case AttributeScope::kUnscoped:
      return VisitUnscoped(key, span, visit);
    case AttributeScope::kAny:
      break;
  }
  return VisitAttribute(span.span().attributes(), key, visit) ||
         VisitAttribute(span.resource().attributes(), key, visit) ||
         VisitAttribute(span.scope().attributes(), key, visit) ||
         VisitEventAttribute(span, key, visit) || VisitLinkAttribute(span, key, visit);
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
      return VisitEach(span.span().events(), [&](std::string_view message) {
        return VisitText(span::EventView(message).name, visit);
      });
    case Intrinsic::kLinkTraceId:
      return VisitEach(span.span().links(), [&](std::string_view message) {
        return VisitId(span::LinkView(message).trace_id.view(), visit);
      });
    case Intrinsic::kLinkSpanId:
      return VisitEach(span.span().links(), [&](std::string_view message) {
        return VisitId(span::LinkView(message).span_id.view(), visit);
      });
    case Intrinsic::kEventTimeSinceStart:
      return VisitEach(span.span().events(), [&](std::string_view message) {
        const uint64_t since = span::EventView(message).time_unix_nano - entry.start_time_unix_nano;
        return visit(ValueView::OfInt(static_cast<int64_t>(since)));
      });
    default:
      return false;
  }
}

}  // namespace

bool VisitFieldValues(const Field& field, const span::SpanRef& span, const ValueVisitor& visit) {
  if (const auto* intrinsic = std::get_if<Intrinsic>(&field)) {
    return VisitIntrinsic(*intrinsic, span, visit);
  }
  return VisitAttributeField(std::get<AttributeField>(field), span, visit);
}

bool SpanFields::Visit(const FieldRef& field, const ValueVisitor& visit) const {
  return !field.of_parent && VisitFieldValues(field.field, span_, visit);
}

}  // namespace spandrel::storage
