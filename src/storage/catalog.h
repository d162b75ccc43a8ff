// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/status.h"
#include "span/span_batch.h"
#include "storage/expression.h"
#include "storage/time_range.h"

// What there is to ask about: names and values that occur in matching spans. Services and the names
// of operations are the values of kServiceName and kName.
namespace spandrel::storage {

struct Operation {
  std::string name;
  span::SpanKind kind = span::SpanKind::kUnspecified;
  friend auto operator<=>(const Operation&, const Operation&) = default;
};

struct AttributeName {
  AttributeScope scope = AttributeScope::kSpan;
  std::string key;
  friend auto operator<=>(const AttributeName&, const AttributeName&) = default;
};

enum class CatalogOrder : uint8_t {
  kText,       // by text, then by scope or type
  kFrequency,  // the most spans first, equal ones by text
};

// Attribute keys of the spans that match and start in the range.
struct NamesRequest {
  Expression where;
  TimeRange start_time;
  std::vector<AttributeScope> scopes;  // empty: all five lists
  std::string prefix;                  // of the key
  CatalogOrder order = CatalogOrder::kText;
  size_t limit = std::numeric_limits<size_t>::max();
};

struct NameCount {
  AttributeName name;
  uint64_t spans = 0;  // that have it, each as many times as it stands for
  friend bool operator==(const NameCount&, const NameCount&) = default;
};

struct NamesResult {
  std::vector<NameCount> names;
  bool truncated = false;  // there were more than `limit`
};

// Values of a field in the spans that match and start in the range, with their types: as
// storage::AppendValues makes them, so those of an array are its elements.
struct ValuesRequest {
  FieldRef field;
  Expression where;
  TimeRange start_time;
  std::string prefix;  // of the value's text
  CatalogOrder order = CatalogOrder::kText;
  size_t limit = std::numeric_limits<size_t>::max();
};

struct FieldValueCount {
  Value value;
  uint64_t spans = 0;  // in which it occurs, each as many times as it stands for
};

struct ValuesResult {
  std::vector<FieldValueCount> values;
  bool truncated = false;  // there were more than `limit`
};

// INVALID_ARGUMENT for what the request may not ask; its expression is not looked at.
base::Status ValidateRequest(const NamesRequest& request);

}  // namespace spandrel::storage
