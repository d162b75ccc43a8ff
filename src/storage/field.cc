// SPDX-License-Identifier: Apache-2.0
#include "storage/field.h"

#include <algorithm>
#include <array>

namespace spandrel::storage {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(kLastIntrinsic) + 1> kNames = {
    "trace:id",
    "span:id",
    "span:parentID",
    "span:traceState",
    "name",
    "kind",
    "status",
    "statusMessage",
    "span:startTime",
    "duration",
    "service",
    "instrumentation:name",
    "instrumentation:version",
    "event:name",
    "link:traceID",
    "link:spanID",
    "event:timeSinceStart",
    "span:childCount",
    "trace:startTime",
    "traceDuration",
    "rootName",
    "rootServiceName",
    "nestedSetLeft",
    "nestedSetRight",
    "nestedSetParent",
};

std::string_view ScopePrefix(AttributeScope scope) {
  switch (scope) {
    case AttributeScope::kSpan:
      return "span.";
    case AttributeScope::kResource:
      return "resource.";
    case AttributeScope::kInstrumentation:
      return "instrumentation.";
    case AttributeScope::kEvent:
      return "event.";
    case AttributeScope::kLink:
      return "link.";
    case AttributeScope::kAny:
      return "any.";
    case AttributeScope::kUnscoped:
      break;
  }
  return ".";
}

}  // namespace

size_t CountOfNames(const AttributeField& attribute) {
  return 1 + attribute.other_keys.size();
}

size_t NameIndex(const AttributeField& attribute, std::string_view key) {
  if (key == attribute.key) return 0;
  const auto& others = attribute.other_keys;
  return 1 + static_cast<size_t>(std::find(others.begin(), others.end(), key) - others.begin());
}

bool IsPlainField(const Field& field) {
  if (const auto* intrinsic = std::get_if<Intrinsic>(&field)) {
    return *intrinsic < Intrinsic::kEventTimeSinceStart;
  }
  return std::get<AttributeField>(field).scope != AttributeScope::kUnscoped;
}

bool NeedsTrace(const FieldRef& field) {
  const auto* intrinsic = std::get_if<Intrinsic>(&field.field);
  return field.of_parent || (intrinsic != nullptr && *intrinsic >= Intrinsic::kChildCount);
}

std::string FieldName(const FieldRef& field) {
  std::string name = field.of_parent ? "parent." : "";
  if (const auto* intrinsic = std::get_if<Intrinsic>(&field.field)) {
    return name.append(kNames[static_cast<size_t>(*intrinsic)]);
  }
  const auto& attribute = std::get<AttributeField>(field.field);
  return name.append(ScopePrefix(attribute.scope)).append(attribute.key);
}

}  // namespace spandrel::storage
