// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "span/span_view.h"
#include "storage/field.h"

namespace spandrel::columnar {

// Calls `visit(span::AttributeReader)` for each attribute list that a span has in a scope: one, or
// one of each event or link.
template <typename Visit>
void VisitLists(const span::SpanRef& span, storage::AttributeScope scope, Visit&& visit) {
  switch (scope) {
    case storage::AttributeScope::kSpan:
      return visit(span.span().attributes());
    case storage::AttributeScope::kResource:
      return visit(span.resource().attributes());
    case storage::AttributeScope::kInstrumentation:
      return visit(span.scope().attributes());
    case storage::AttributeScope::kEvent: {
      span::MessageReader events = span.span().events();
      while (const auto event = events.Next()) visit(span::EventView(*event).attributes());
      return;
    }
    case storage::AttributeScope::kLink: {
      span::MessageReader links = span.span().links();
      while (const auto link = links.Next()) visit(span::LinkView(*link).attributes());
      return;
    }
    case storage::AttributeScope::kAny:
    case storage::AttributeScope::kUnscoped:
      return;
  }
}

}  // namespace spandrel::columnar
