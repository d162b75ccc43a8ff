// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <re2/re2.h>

#include "span/value.h"
#include "storage/predicate.h"

namespace spandrel::storage {

// One comparison as an evaluator asks it of values. For the ops with a constant text on the right,
// that text is the right side.
struct Comparison {
  CompareOp op = CompareOp::kEqual;
  const RE2* regex = nullptr;  // of kMatches, kDoesNotMatch
  bool ignore_case = false;    // of kTextEqual: the left side is kind or status

  // Whether it holds between one value of each side: see Expression.
  bool Holds(const span::ValueView& left, const span::ValueView& right) const;
};

}  // namespace spandrel::storage
