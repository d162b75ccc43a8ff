// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace spandrel::signal {

// What telemetry is about. A pipeline carries one of them.
enum class Signal : uint8_t { kTraces, kMetrics, kLogs };
inline constexpr Signal kAllSignals[] = {Signal::kTraces, Signal::kMetrics, Signal::kLogs};

// "traces", "metrics", "logs": as a configuration writes it, and the label `data_type`.
std::string_view SignalName(Signal signal);
// The signal of that name; nothing for any other word.
std::optional<Signal> FindSignal(std::string_view name);

// What is counted of a signal, as the OpenTelemetry Collector writes it in the names of its
// metrics: "spans", "metric_points", "log_records".
std::string_view ItemsName(Signal signal);
// The same for people: "spans", "data points", "log records".
std::string_view ItemsWords(Signal signal);

}  // namespace spandrel::signal
