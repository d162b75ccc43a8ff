// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "span/span_view.h"
#include "wire/otlp/field_rule.h"

// The tables of the messages that the requests of all signals hold. For the schemas only.
namespace spandrel::wire {

inline constexpr FieldRule kEntityRefFields[] = {
    {"schemaUrl", FieldKind::kString, 1},
    {"type", FieldKind::kString, 2},
    {"idKeys", FieldKind::kRepeatedString, 3},
    {"descriptionKeys", FieldKind::kRepeatedString, 4},
};

inline constexpr FieldRule kResourceFields[] = {
    {"attributes", FieldKind::kAttributes, span::otlp::kResourceAttributes},
    {"droppedAttributesCount", FieldKind::kUint32, span::otlp::kResourceDroppedAttributesCount},
    {"entityRefs", FieldKind::kRepeatedMessage, span::otlp::kResourceEntityRefs, kEntityRefFields},
};

inline constexpr FieldRule kScopeFields[] = {
    {"name", FieldKind::kString, span::otlp::kScopeName},
    {"version", FieldKind::kString, span::otlp::kScopeVersion},
    {"attributes", FieldKind::kAttributes, span::otlp::kScopeAttributes},
    {"droppedAttributesCount", FieldKind::kUint32, span::otlp::kScopeDroppedAttributesCount},
};

}  // namespace spandrel::wire
