// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "span/span_view.h"
#include "storage/field_source.h"

namespace spandrel::storage {

// The fields that one span says by itself; those of its parent and of the trace are absent.
class SpanFields final : public FieldSource {
 public:
  // `span` must outlive it.
  explicit SpanFields(const span::SpanRef& span) : span_(span) {}
  bool Visit(const FieldRef& field, const ValueVisitor& visit) const override;
  bool VisitPlaces(Places places, const RowCallback& visit) const override;

 private:
  const span::SpanRef& span_;
};

}  // namespace spandrel::storage
