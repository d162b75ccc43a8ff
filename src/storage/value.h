// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "span/value.h"

namespace spandrel::storage {

// A value with its type, as questions write it and answers hold it.
using Value = std::variant<std::string, bool, int64_t, double>;
// Nothing is TraceQL's nil: the field is absent, or its key has no value.
using OptionalValue = std::optional<Value>;
using Number = std::variant<int64_t, double>;

// A stored value as an answer holds it: bytes, maps and arrays as their text
// (span::ValueView::ToText).
OptionalValue ValueOf(const span::ValueView& value);
// The same, but of an array its elements, in order; those without a value are left out.
void AppendValues(const span::ValueView& value, std::vector<Value>* values);

// A view of a value, which must outlive it.
span::ValueView ViewOf(const Value& value);
// As span::ValueView::ToText.
std::string ValueText(const Value& value);

// Orders values by type, then by size; not-a-number behind all other doubles, and equal to itself.
// Nothing comes first.
struct ValueLess {
  bool operator()(const Value& a, const Value& b) const;
  bool operator()(const OptionalValue& a, const OptionalValue& b) const;
  bool operator()(const std::vector<OptionalValue>& a, const std::vector<OptionalValue>& b) const;
};

// How two values compare: numbers of both kinds with one another, exactly; texts bytewise; true and
// false. Unordered when their types do not fit, and of all others.
std::partial_ordering CompareValues(const span::ValueView& left, const span::ValueView& right);

}  // namespace spandrel::storage
