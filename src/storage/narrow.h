// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "storage/expression.h"
#include "storage/predicate.h"

namespace spandrel::storage {

// What a predicate can say of an expression.
struct Narrowed {
  Predicate where;     // true of every span for which the expression is true
  bool exact = false;  // and of no other
};

// The part of a valid expression that one span and constants decide, as a valid predicate: for
// engines that push predicates down and evaluate the rest.
Narrowed Narrow(const Expression& expression);

}  // namespace spandrel::storage
