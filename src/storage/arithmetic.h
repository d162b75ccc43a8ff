// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "storage/expression.h"
#include "storage/value.h"

namespace spandrel::storage {

// As Expression says; nothing where the result has no value.
std::optional<Number> Compute(ArithmeticOp op, const Number& left, const Number& right);
Number Negated(const Number& number);

// A number that compares, or nothing: not of other values, and not of not-a-number.
std::optional<Number> NumberOf(const span::ValueView& value);
double AsDouble(const Number& number);
span::ValueView ViewOf(const Number& number);

}  // namespace spandrel::storage
