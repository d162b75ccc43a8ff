// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "span/span_view.h"
#include "storage/field.h"

namespace spandrel::storage {

// Called with each value of a field; returns true to stop. The view is valid only during the call.
using ValueVisitor = std::function<bool(const span::ValueView&)>;

// The values of fields in one row of whatever a store keeps: a span's OTLP bytes, a row of columns,
// a row of a table. What an expression says of a row is asked of this alone.
class FieldSource {
 public:
  virtual ~FieldSource() = default;

  // Calls `visit` with each value that the field has in this row, one of each of its places in the
  // order in which they were sent, until it returns true; so does the function then. A field that
  // is absent visits nothing; a key without a value visits an empty value.
  virtual bool Visit(const FieldRef& field, const ValueVisitor& visit) const = 0;
};

// The fields that one span says by itself; those of its parent and of the trace are absent.
class SpanFields final : public FieldSource {
 public:
  // `span` must outlive it.
  explicit SpanFields(const span::SpanRef& span) : span_(span) {}
  bool Visit(const FieldRef& field, const ValueVisitor& visit) const override;

 private:
  const span::SpanRef& span_;
};

}  // namespace spandrel::storage
