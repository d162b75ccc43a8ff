// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "storage/catalog.h"
#include "storage/measure.h"
#include "storage/value_counts.h"

namespace spandrel::storage {
namespace {

base::Status Invalid(std::string message) {
  return {base::StatusCode::kInvalidArgument, std::move(message)};
}

base::Status ValidateScopes(const std::vector<AttributeScope>& scopes) {
  const bool fits = std::all_of(scopes.begin(), scopes.end(), [](AttributeScope scope) {
    return scope != AttributeScope::kAny && scope != AttributeScope::kUnscoped;
  });
  return fits ? base::Status() : Invalid("scopes: each is one list of attributes");
}

}  // namespace

base::Status ValidateRequest(const MeasureRequest& request) {
  if (request.group_by.size() > kMaxGroupFields) return Invalid("too many group_by fields");
  if (request.measures.empty() || request.measures.size() > kMaxMeasures) {
    return Invalid(fmt::format("measures: expected 1 to {}", kMaxMeasures));
  }
  for (const Measure& measure : request.measures) {
    if (measure.kind != MeasureKind::kCount && !measure.field) {
      return Invalid("measures: a field is missing");
    }
  }
  return {};
}

base::Status ValidateRequest(const ValueCountsRequest& request) {
  return ValidateScopes(request.scopes);
}

base::Status ValidateRequest(const NamesRequest& request) {
  return ValidateScopes(request.scopes);
}

}  // namespace spandrel::storage
