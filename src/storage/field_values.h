// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "span/span_view.h"
#include "span/value.h"
#include "storage/field_source.h"

namespace spandrel::storage {

// The value that a list has of an attribute. Of a repeated key the last one counts.
std::optional<span::ValueView> FindAttribute(span::AttributeReader list,
                                             const AttributeField& attribute);

// Reads the values that a field has in one span, as FieldSource::Visit says. Fields of the trace
// are absent.
bool VisitFieldValues(const Field& field, const span::SpanRef& span, const ValueVisitor& visit);

// The same of a field of one event, or of one link: an attribute of it or an intrinsic that is its.
bool VisitEventField(const Field& field, const span::SpanRef& span, const span::EventView& event,
                     const ValueVisitor& visit);
bool VisitLinkField(const Field& field, const span::LinkView& link, const ValueVisitor& visit);

}  // namespace spandrel::storage
