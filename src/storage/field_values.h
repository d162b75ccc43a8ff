// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "span/span_view.h"
#include "storage/field_source.h"

namespace spandrel::storage {

// Reads the values that a field has in one span, as FieldSource::Visit says. Fields of the trace
// are absent.
bool VisitFieldValues(const Field& field, const span::SpanRef& span, const ValueVisitor& visit);

}  // namespace spandrel::storage
