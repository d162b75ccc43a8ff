// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "query/traceql/search.h"
#include "storage/value.h"

// What Tempo's answers say of spans, whatever they are written in.
namespace spandrel::api {

// The service of a trace whose root is not stored.
inline constexpr std::string_view kTempoNoRoot = "<root span not yet received>";

struct TempoAttribute {
  std::string_view key;  // without its scope; lives as long as the span
  std::vector<storage::Value> values;
};

// The fields that a query names, but for those that the span or its trace say elsewhere; durations
// as Go writes them.
std::vector<TempoAttribute> TempoAttributesOf(const query::FoundSpan& span);
// Empty when the query does not name it.
std::string TempoSpanName(const query::FoundSpan& span);
// "nil" for nothing.
storage::Value TempoLabelValue(const storage::OptionalValue& value);

}  // namespace spandrel::api
