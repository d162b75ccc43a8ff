// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spandrel::pipeline {

enum class ComponentKind : uint8_t { kReceiver, kProcessor, kExporter, kConnector, kExtension };
inline constexpr ComponentKind kAllComponentKinds[] = {
    ComponentKind::kReceiver, ComponentKind::kProcessor, ComponentKind::kExporter,
    ComponentKind::kConnector, ComponentKind::kExtension};

// "receiver".
std::string_view ComponentKindName(ComponentKind kind);

// A type that the OpenTelemetry Collector has: what to use instead in Spandrel, perhaps empty.
// Nothing for a type that it does not have either.
std::optional<std::string_view> FindUpstreamComponent(ComponentKind kind, std::string_view type);

}  // namespace spandrel::pipeline
