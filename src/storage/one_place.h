// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "span/span_view.h"
#include "storage/field_source.h"

namespace spandrel::storage {

// FieldSource::VisitPlaces of a row that stands for a span.
bool VisitPlacesOf(const FieldSource& row, const span::SpanRef& span, Places places,
                   const RowCallback& visit);

}  // namespace spandrel::storage
