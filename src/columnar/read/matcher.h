// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/status.h"
#include "storage/evaluate.h"
#include "storage/predicate.h"
#include "storage/store.h"

namespace spandrel::columnar {

// True when a field is read from a span's message; the others are in the light columns of a part.
bool IsPayloadField(const storage::Field& field);

// A predicate and a time range, taken apart by what is needed to decide: the conditions that are
// joined by "and" go into four groups, from cheap to dear. A span matches when it starts in the
// range and all groups hold. Each group is asked through storage::Evaluator, so there is one truth.
// Immutable.
class Matcher {
 public:
  // INVALID_ARGUMENT as storage::ValidatePredicate says.
  static base::Result<Matcher> Make(const storage::Predicate& where, storage::TimeRange range);

  const storage::TimeRange& range() const { return range_; }
  bool needs_payload() const { return payload_ != nullptr; }

  // Decided by a span's scope and resource alone, and by its name alone.
  bool ScopeMatches(const span::SpanRef& span) const { return Holds(scope_, span); }
  bool NameMatches(const span::SpanRef& span) const { return Holds(name_, span); }
  bool has_scope_conditions() const { return scope_ != nullptr; }
  bool has_name_conditions() const { return name_ != nullptr; }
  // What else the light columns decide; the span's message is not read.
  bool LightMatches(const span::SpanRef& span) const { return Holds(light_, span); }
  // The rest.
  bool PayloadMatches(const span::SpanRef& span) const { return Holds(payload_, span); }

  // All of it, of a whole span.
  bool Matches(const span::SpanRef& span) const {
    return range_.Contains(span.entry().start_time_unix_nano) && ScopeMatches(span) &&
           NameMatches(span) && LightMatches(span) && PayloadMatches(span);
  }

 private:
  using EvaluatorPtr = std::shared_ptr<const storage::Evaluator>;
  static bool Holds(const EvaluatorPtr& evaluator, const span::SpanRef& span) {
    return evaluator == nullptr || evaluator->Matches(span);
  }

  storage::TimeRange range_;
  EvaluatorPtr scope_;
  EvaluatorPtr name_;
  EvaluatorPtr light_;
  EvaluatorPtr payload_;
};

}  // namespace spandrel::columnar
