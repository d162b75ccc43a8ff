// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// OpenTelemetry's own member of a W3C tracestate header, `ot=th:...;rv:...`.
namespace spandrel::sdk {

// Of 2^56 random values, those from the threshold on are kept.
inline constexpr uint64_t kAllRandomValues = uint64_t{1} << 56;

struct OtTraceState {
  std::optional<uint64_t> threshold;  // th
  std::optional<uint64_t> random;     // rv
};

// What is malformed is taken as absent.
OtTraceState ReadOtTraceState(std::string_view trace_state);

// `trace_state` with `ot=th` as given, or without it; `rv` and the rest stay. `ot` comes first, as
// W3C asks of what was changed. The last member goes when there would be more than 32, and
// sub-keys that are not known go when `ot` would be longer than 256 characters.
std::string WithThreshold(std::string_view trace_state, std::optional<uint64_t> threshold);

// Up to 14 hex digits without the zeros at the end: 2^54 is "4", 0 is "0".
std::string ThresholdText(uint64_t threshold);

}  // namespace spandrel::sdk
