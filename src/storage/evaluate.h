// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "span/span_view.h"
#include "storage/expression.h"
#include "storage/field_source.h"
#include "storage/regexes.h"
#include "storage/span_fields.h"

namespace spandrel::storage {

class QueryContext;

// An expression made ready to be asked of many rows: regular expressions compiled, constants
// prepared. The one evaluator: engines may prune with what they know, but what this says is the
// truth. Immutable and thread-safe.
class Evaluator {
 public:
  // INVALID_ARGUMENT as ValidateExpression says; of a predicate, as ValidatePredicate says.
  // RESOURCE_EXHAUSTED when the query has no memory for the regular expressions.
  static base::Result<std::shared_ptr<const Evaluator>> Make(const QueryContext& context,
                                                             const Expression& expression);
  static base::Result<std::shared_ptr<const Evaluator>> Make(const QueryContext& context,
                                                             const Predicate& predicate);
  // Of several expressions of one query, which share their regular expressions.
  static base::Result<std::vector<std::shared_ptr<const Evaluator>>> MakeAll(
      const QueryContext& context, const std::vector<Expression>& expressions);
  // Outside of a query.
  static base::Result<std::shared_ptr<const Evaluator>> Make(const Expression& expression);
  static base::Result<std::shared_ptr<const Evaluator>> Make(const Predicate& predicate);
  // Of a part of an expression that was found valid, with the regular expressions of the whole.
  static std::shared_ptr<const Evaluator> OfPart(const Expression& part,
                                                 std::shared_ptr<const Regexes> regexes);
  virtual ~Evaluator() = default;

  virtual bool Matches(const FieldSource& row) const = 0;
  // Of a span by itself: fields of its parent and of the trace are absent.
  bool Matches(const span::SpanRef& span) const { return Matches(SpanFields(span)); }

  // The values of the expression as an operand in a row, as FieldSource::Visit gives those of a
  // field; a condition is true or false.
  virtual bool VisitValues(const FieldSource& row, const ValueVisitor& visit) const = 0;

  // Of an expression that compares a field with a constant, or asks whether it exists: what it says
  // of a row whose field has this value alone.
  virtual bool MatchesValue(const span::ValueView& value) const = 0;

  // Those that it was made with.
  virtual const std::shared_ptr<const Regexes>& regexes() const = 0;
};

// The regular expressions of several expressions of one query. Errors as of Evaluator::MakeAll.
base::Result<std::shared_ptr<const Regexes>> CompileRegexes(
    const QueryContext& context, const std::vector<const Expression*>& expressions);

// The text of a field of a span, for grouping and for lists of values; nothing where it is absent.
// Of a field that may hold several values, the first.
std::optional<std::string> FieldText(const Field& field, const span::SpanRef& span);

// The first value of a field in a row; nothing where it has none.
OptionalValue FirstValue(const FieldRef& field, const FieldSource& row);
// The first value of a field that is a number, but not one of those that are not-a-number.
std::optional<Number> FirstNumber(const FieldRef& field, const FieldSource& row);

}  // namespace spandrel::storage
