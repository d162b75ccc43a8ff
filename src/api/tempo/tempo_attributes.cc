// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/tempo_attributes.h"

#include <chrono>
#include <cstdint>

#include "base/go_duration.h"
#include "traceql/words.h"

namespace spandrel::api {
namespace {

using storage::Value;

bool IsSaidElsewhere(const traceql::Field& field) {
  const auto* intrinsic = std::get_if<traceql::Intrinsic>(&field);
  if (intrinsic == nullptr) return false;
  switch (*intrinsic) {
    case traceql::Intrinsic::kName:
    case traceql::Intrinsic::kDuration:
    case traceql::Intrinsic::kTraceDuration:
    case traceql::Intrinsic::kRootName:
    case traceql::Intrinsic::kRootServiceName:
    case traceql::Intrinsic::kTraceId:
    case traceql::Intrinsic::kSpanId:
      return true;
    default:
      return false;
  }
}

std::vector<Value> ShownValues(const query::ShownValue& shown) {
  const auto* intrinsic = std::get_if<traceql::Intrinsic>(&shown.field);
  if (intrinsic == nullptr || traceql::TypeOf(*intrinsic) != traceql::Type::kDuration) {
    return shown.values;
  }
  std::vector<Value> texts;
  for (const Value& value : shown.values) {
    texts.emplace_back(base::FormatGoDuration(std::chrono::nanoseconds(std::get<int64_t>(value))));
  }
  return texts;
}

std::string_view KeyOf(const traceql::Field& field) {
  if (const auto* intrinsic = std::get_if<traceql::Intrinsic>(&field)) {
    return traceql::IntrinsicName(*intrinsic);
  }
  return std::get<traceql::Attribute>(field).key;
}

}  // namespace

std::vector<TempoAttribute> TempoAttributesOf(const query::FoundSpan& span) {
  std::vector<TempoAttribute> attributes;
  for (const query::ShownValue& shown : span.values) {
    if (IsSaidElsewhere(shown.field)) continue;
    attributes.push_back({KeyOf(shown.field), ShownValues(shown)});
  }
  return attributes;
}

std::string TempoSpanName(const query::FoundSpan& span) {
  for (const query::ShownValue& shown : span.values) {
    if (shown.field == traceql::Field(traceql::Intrinsic::kName)) {
      return storage::ValueText(shown.values[0]);
    }
  }
  return {};
}

Value TempoLabelValue(const storage::OptionalValue& value) {
  return value.value_or(Value(std::string("nil")));
}

}  // namespace spandrel::api
