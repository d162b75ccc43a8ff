// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "span/value.h"
#include "storage/field.h"

namespace spandrel::storage {

// Called with each value of a field; returns true to stop. The view is valid only during the call.
using ValueVisitor = std::function<bool(const span::ValueView&)>;

// Where a span has several of a thing: its events, its links.
enum class Places : uint8_t { kEvents, kLinks };

class FieldSource;
// Called with a row; returns true to stop.
using RowCallback = std::function<bool(const FieldSource&)>;

// The values of fields in one row of whatever a store keeps: a span's OTLP bytes, a row of columns,
// a row of a table. What an expression says of a row is asked of this alone.
class FieldSource {
 public:
  virtual ~FieldSource() = default;

  // Calls `visit` with each value that the field has in this row, one of each of its places in the
  // order in which they were sent, until it returns true; so does the function then. A field that
  // is absent visits nothing; a key without a value visits an empty value.
  virtual bool Visit(const FieldRef& field, const ValueVisitor& visit) const = 0;

  // Calls `visit` once for each event, or link, of this row, with the same row as if it had only
  // that one, until it returns true; so does the function then.
  virtual bool VisitPlaces(Places places, const RowCallback& visit) const = 0;
};

}  // namespace spandrel::storage
