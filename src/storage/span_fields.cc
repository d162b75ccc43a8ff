// SPDX-License-Identifier: Apache-2.0
#include "storage/span_fields.h"

#include "storage/field_values.h"
#include "storage/one_place.h"

namespace spandrel::storage {

bool SpanFields::Visit(const FieldRef& field, const ValueVisitor& visit) const {
  return !field.of_parent && VisitFieldValues(field.field, span_, visit);
}

bool SpanFields::VisitPlaces(Places places, const RowCallback& visit) const {
  return VisitPlacesOf(*this, span_, places, visit);
}

}  // namespace spandrel::storage
