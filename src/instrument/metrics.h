// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opentelemetry/context/context.h"
#include "opentelemetry/metrics/meter.h"
#include "opentelemetry/metrics/meter_provider.h"
#include "opentelemetry/metrics/sync_instruments.h"
#include "spandrel/http.h"

namespace spandrel::instrument {

// The instruments of one side. Thread-safe, as the API's instruments are.
struct Instruments {
  opentelemetry::nostd::unique_ptr<opentelemetry::metrics::Histogram<double>> duration;
  opentelemetry::nostd::unique_ptr<opentelemetry::metrics::Histogram<uint64_t>> request_size;
  opentelemetry::nostd::unique_ptr<opentelemetry::metrics::Histogram<uint64_t>> response_size;
  opentelemetry::nostd::unique_ptr<opentelemetry::metrics::UpDownCounter<int64_t>> active;
};

// Both sides' instruments of one provider, which they keep.
struct HttpInstruments {
  opentelemetry::nostd::shared_ptr<opentelemetry::metrics::MeterProvider> provider;
  Instruments server;
  Instruments client;
};

// The same for all that live at one time and have the same provider: SDKs of 2025 lose what was
// recorded when an instrument is made twice. Null for null.
std::shared_ptr<const HttpInstruments> InstrumentsOf(
    const opentelemetry::nostd::shared_ptr<opentelemetry::metrics::MeterProvider>& provider);

using MetricAttributes = std::vector<std::pair<std::string, http::MetricValue>>;

// What one request leaves in the instruments. Texts come from small sets (known methods, schemes,
// versions, routes), so that strangers cannot make new series.
struct Measured {
  std::string_view method;  // lives as long as the instrumentation
  std::string_view scheme;  // "http" or "https"; empty on clients
  std::string_view version;
  std::string_view route;
  std::string_view error_type;
  std::string_view server_address;
  int server_port = 0;
  int status = 0;
  int64_t request_bytes = -1;  // unknown
  int64_t response_bytes = -1;
  double seconds = 0;
  const MetricAttributes* extra = nullptr;
};
void Record(const Instruments& instruments, const Measured& measured,
            const opentelemetry::context::Context& context);
// One more (+1) or one fewer request being served.
void AddActive(const Instruments& instruments, const Measured& measured, int64_t change,
               const opentelemetry::context::Context& context);

// What is kept from the beginning of a request to its end.
struct ServerMeasurement {
  std::chrono::steady_clock::time_point start;
  std::string_view method;
  std::string_view scheme;
  std::string_view version;
  std::string route;
  MetricAttributes extra;
};

struct ClientMeasurement {
  std::chrono::steady_clock::time_point start;
  std::string_view method;
  std::string_view sent_method;  // when it was told only afterwards
  std::string_view version;
  std::string server_address;
  int server_port = 0;
  MetricAttributes extra;
};

inline double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace spandrel::instrument
