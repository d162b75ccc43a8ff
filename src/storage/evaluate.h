// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "span/span_view.h"
#include "storage/predicate.h"

namespace spandrel::storage {

// A predicate made ready to be asked of many spans: regular expressions compiled, texts prepared.
// The one evaluator: engines may prune with what they know, but what this says is the truth.
// Immutable and thread-safe.
class Evaluator {
 public:
  // INVALID_ARGUMENT as ValidatePredicate says.
  static base::Result<std::shared_ptr<const Evaluator>> Make(const Predicate& predicate);
  virtual ~Evaluator() = default;

  virtual bool Matches(const span::SpanRef& span) const = 0;

  // Of a predicate that is a single comparison or existence check: what it says of a span whose
  // field has this value.
  virtual bool MatchesValue(const span::ValueView& value) const = 0;
};

// The text of a field of a span, for grouping and for lists of values; nothing where it is absent.
// Of a field that may hold several values, the first.
std::optional<std::string> FieldText(const Field& field, const span::SpanRef& span);

}  // namespace spandrel::storage
