// SPDX-License-Identifier: Apache-2.0
#pragma once

// The instrumentation scope of our spans and metrics.
namespace spandrel::instrument {

inline constexpr char kScopeName[] = "spandrel.http";
inline constexpr char kScopeVersion[] = "0.1.0";
inline constexpr char kSchemaUrl[] = "https://opentelemetry.io/schemas/1.37.0";

}  // namespace spandrel::instrument
