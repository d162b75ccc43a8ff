// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "opentelemetry/metrics/async_instruments.h"
#include "opentelemetry/metrics/meter_provider.h"
#include "opentelemetry/metrics/sync_instruments.h"
#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/nostd/unique_ptr.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

// The specification's metrics about a tracer itself (otel.sdk.processor.span.*,
// otel.sdk.exporter.*), through the API's meter provider. Counts are read when the meter provider
// asks, so that spans cost nothing more; only the duration of a request is recorded as it happens,
// on the exporter's thread. Thread-safe.
class SelfMetrics {
 public:
  struct Reading {
    Stats stats;
    uint64_t in_flight = 0;  // spans of requests under way
  };
  using Read = std::function<Reading()>;

  SelfMetrics(opentelemetry::metrics::MeterProvider& meters, const Options& options, Read read);
  SelfMetrics(const SelfMetrics&) = delete;
  SelfMetrics& operator=(const SelfMetrics&) = delete;
  ~SelfMetrics();

  // One request ended; `error` is empty or the name of its status.
  void RecordOperation(std::chrono::nanoseconds duration, std::string_view error);

 private:
  using Callback = opentelemetry::metrics::ObservableCallbackPtr;
  using Instrument = opentelemetry::nostd::shared_ptr<opentelemetry::metrics::ObservableInstrument>;

  void Observe(Instrument instrument, Callback callback);

  const Read read_;
  const int64_t capacity_;            // in spans; 0: no limit
  const std::string processor_name_;  // otel.component.name
  const std::string exporter_name_;
  const std::string exporter_type_;
  std::vector<std::pair<Instrument, Callback>> observed_;
  opentelemetry::nostd::unique_ptr<opentelemetry::metrics::Histogram<double>> duration_;
};

}  // namespace spandrel::sdk
