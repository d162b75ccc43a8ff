// SPDX-License-Identifier: Apache-2.0
#include "storage/one_place.h"

#include <optional>

#include "storage/field_values.h"

namespace spandrel::storage {
namespace {

// The scope in which a field is of a place, if any.
std::optional<Places> PlacesOf(const Field& field) {
  if (const auto* intrinsic = std::get_if<Intrinsic>(&field)) {
    switch (*intrinsic) {
      case Intrinsic::kEventName:
      case Intrinsic::kEventTimeSinceStart:
        return Places::kEvents;
      case Intrinsic::kLinkTraceId:
      case Intrinsic::kLinkSpanId:
        return Places::kLinks;
      default:
        return std::nullopt;
    }
  }
  const AttributeScope scope = std::get<AttributeField>(field).scope;
  if (scope == AttributeScope::kEvent) return Places::kEvents;
  if (scope == AttributeScope::kLink) return Places::kLinks;
  return std::nullopt;
}

bool IsAny(const FieldRef& field) {
  const auto* attribute = std::get_if<AttributeField>(&field.field);
  return !field.of_parent && attribute != nullptr && attribute->scope == AttributeScope::kAny;
}

// A row as if it had one event, or one link: that of `message`.
class OnePlace final : public FieldSource {
 public:
  OnePlace(const FieldSource& row, const span::SpanRef& span, Places places,
           std::string_view message)
      : row_(row), span_(span), places_(places), message_(message) {}

  bool Visit(const FieldRef& field, const ValueVisitor& visit) const override {
    if (IsAny(field)) return VisitAny(std::get<AttributeField>(field.field), visit);
    if (field.of_parent || PlacesOf(field.field) != places_) return row_.Visit(field, visit);
    return places_ == Places::kEvents
               ? VisitEventField(field.field, span_, span::EventView(message_), visit)
               : VisitLinkField(field.field, span::LinkView(message_), visit);
  }

  bool VisitPlaces(Places places, const RowCallback& visit) const override {
    if (places == places_) return visit(*this);
    return VisitPlacesOf(*this, span_, places, visit);
  }

 private:
  bool VisitAny(AttributeField field, const ValueVisitor& visit) const {
    for (const AttributeScope scope :
         {AttributeScope::kSpan, AttributeScope::kResource, AttributeScope::kInstrumentation,
          AttributeScope::kEvent, AttributeScope::kLink}) {
      field.scope = scope;
      if (Visit(field, visit)) return true;
    }
    return false;
  }

  const FieldSource& row_;
  const span::SpanRef& span_;
  const Places places_;
  const std::string_view message_;
};

}  // namespace

bool VisitPlacesOf(const FieldSource& row, const span::SpanRef& span, Places places,
                   const RowCallback& visit) {
  span::MessageReader messages =
      places == Places::kEvents ? span.span().events() : span.span().links();
  while (const auto message = messages.Next()) {
    if (visit(OnePlace(row, span, places, *message))) return true;
  }
  return false;
}

}  // namespace spandrel::storage
