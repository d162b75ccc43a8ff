// SPDX-License-Identifier: Apache-2.0
#include "signal/signal.h"

namespace spandrel::signal {

std::string_view SignalName(Signal signal) {
  switch (signal) {
    case Signal::kMetrics:
      return "metrics";
    case Signal::kLogs:
      return "logs";
    default:
      return "traces";
  }
}

std::optional<Signal> FindSignal(std::string_view name) {
  for (const Signal signal : kAllSignals) {
    if (SignalName(signal) == name) return signal;
  }
  return std::nullopt;
}

std::string_view ItemsName(Signal signal) {
  switch (signal) {
    case Signal::kMetrics:
      return "metric_points";
    case Signal::kLogs:
      return "log_records";
    default:
      return "spans";
  }
}

std::string_view ItemsWords(Signal signal) {
  switch (signal) {
    case Signal::kMetrics:
      return "data points";
    case Signal::kLogs:
      return "log records";
    default:
      return "spans";
  }
}

}  // namespace spandrel::signal
