// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "span/span_view.h"
#include "storage/predicate.h"

namespace spandrel::storage {

// Reads the values that a field has in one span. `visit` is called with each candidate in order and
// returns true to stop; so does the function when it was stopped. A field that is absent visits
// nothing; one with a single value visits once (of a repeated key, its last value).
// The views are valid only during the call.
using ValueVisitor = std::function<bool(const span::ValueView&)>;
bool VisitFieldValues(const Field& field, const span::SpanRef& span, const ValueVisitor& visit);

}  // namespace spandrel::storage
