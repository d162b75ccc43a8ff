// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "storage/expression.h"
#include "storage/time_range.h"

// How two selections of spans differ: the counts of the values of every attribute in both, in one
// pass.
namespace spandrel::storage {

struct ValueCountsRequest {
  Expression a;
  Expression b;  // a span may be in both
  TimeRange start_time;
  std::vector<AttributeScope> scopes = {AttributeScope::kSpan, AttributeScope::kResource};
  std::vector<Intrinsic> intrinsics;  // to be counted as well
  // So many values of all fields together are told apart; those seen first are.
  size_t max_distinct = 1'000'000;
  size_t max_values = 100;  // of each field: those with the highest counts of a and b together
};

// Each span counts as many times as it stands for, and once for each distinct value that a field
// has in it. Values are as storage::ValueOf makes them, so an array is its text.
struct CountedValue {
  Value value;
  uint64_t a = 0;
  uint64_t b = 0;
};

struct FieldCounts {
  FieldRef field;
  uint64_t a = 0;  // spans that have a value
  uint64_t b = 0;
  std::vector<CountedValue> values;  // most of a and b together first, equal ones by ValueLess
  bool truncated = false;            // there were more than max_values
};

struct ValueCountsResult {
  uint64_t a = 0;  // spans
  uint64_t b = 0;
  std::vector<FieldCounts> fields;  // by FieldName
  // There were more than max_distinct values: some are missing from `values`. The counts of those
  // that are there are exact.
  bool truncated = false;
};

// INVALID_ARGUMENT for what the request may not ask; its expressions are not looked at.
base::Status ValidateRequest(const ValueCountsRequest& request);

}  // namespace spandrel::storage
