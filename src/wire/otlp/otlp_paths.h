// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "signal/signal.h"

namespace spandrel::wire {

// "/opentelemetry.proto.collector.trace.v1.TraceService/Export".
inline std::string_view OtlpGrpcMethod(signal::Signal signal) {
  switch (signal) {
    case signal::Signal::kMetrics:
      return "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    case signal::Signal::kLogs:
      return "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
    default:
      return "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  }
}

// "/v1/traces": where OTLP/HTTP takes the signal unless told otherwise.
inline std::string_view OtlpHttpPath(signal::Signal signal) {
  switch (signal) {
    case signal::Signal::kMetrics:
      return "/v1/metrics";
    case signal::Signal::kLogs:
      return "/v1/logs";
    default:
      return "/v1/traces";
  }
}

}  // namespace spandrel::wire
