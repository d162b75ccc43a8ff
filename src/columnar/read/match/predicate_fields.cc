// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/match/predicate_fields.h"

namespace spandrel::columnar {

using storage::AttributeScope;
using storage::Intrinsic;

bool IsTemplateField(const storage::Field& field) {
  if (const auto* attribute = std::get_if<storage::AttributeField>(&field)) {
    return attribute->scope == AttributeScope::kResource ||
           attribute->scope == AttributeScope::kInstrumentation;
  }
  switch (std::get<Intrinsic>(field)) {
    case Intrinsic::kName:
    case Intrinsic::kKind:
    case Intrinsic::kStatus:
    case Intrinsic::kServiceName:
    case Intrinsic::kScopeName:
    case Intrinsic::kScopeVersion:
      return true;
    default:
      return false;
  }
}

bool IsOwnTemplateField(const storage::FieldRef& field) {
  return !field.of_parent && IsTemplateField(field.field);
}

bool IsTimeField(const storage::FieldRef& field) {
  return field == storage::FieldRef(Intrinsic::kDuration) ||
         field == storage::FieldRef(Intrinsic::kStartTime);
}

bool IsServiceField(const storage::Field& field) {
  if (const auto* attribute = std::get_if<storage::AttributeField>(&field)) {
    return attribute->scope == AttributeScope::kResource;
  }
  const auto intrinsic = std::get<Intrinsic>(field);
  return intrinsic == Intrinsic::kServiceName || intrinsic == Intrinsic::kStatus;
}

}  // namespace spandrel::columnar
