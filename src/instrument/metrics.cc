// SPDX-License-Identifier: Apache-2.0
#include "instrument/metrics.h"

#include <map>
#include <mutex>

#include "instrument/attributes.h"
#include "instrument/scope.h"

namespace spandrel::instrument {
namespace {

namespace metrics = opentelemetry::metrics;

Instruments MakeServerInstruments(metrics::Meter& meter) {
  return {meter.CreateDoubleHistogram("http.server.request.duration",
                                      "Duration of HTTP server requests.", "s"),
          meter.CreateUInt64Histogram("http.server.request.body.size",
                                      "Size of HTTP server request bodies.", "By"),
          meter.CreateUInt64Histogram("http.server.response.body.size",
                                      "Size of HTTP server response bodies.", "By"),
          meter.CreateInt64UpDownCounter("http.server.active_requests",
                                         "Number of active HTTP server requests.", "{request}")};
}

Instruments MakeClientInstruments(metrics::Meter& meter) {
  return {meter.CreateDoubleHistogram("http.client.request.duration",
                                      "Duration of HTTP client requests.", "s"),
          meter.CreateUInt64Histogram("http.client.request.body.size",
                                      "Size of HTTP client request bodies.", "By"),
          meter.CreateUInt64Histogram("http.client.response.body.size",
                                      "Size of HTTP client response bodies.", "By"),
          meter.CreateInt64UpDownCounter("http.client.active_requests",
                                         "Number of active HTTP requests.", "{request}")};
}

// The two that an opt-in of the convention adds on servers are there when a server name is set.
void WriteCommon(const Measured& measured, AttributeSink& sink) {
  sink.Add("http.request.method", View(measured.method));
  sink.AddText("url.scheme", measured.scheme);
  sink.AddText("server.address", measured.server_address);
  sink.AddPort("server.port", measured.server_address.empty() ? 0 : measured.server_port);
}

common::AttributeValue ValueOf(const http::MetricValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return View(*text);
  if (const auto* number = std::get_if<int64_t>(&value)) return *number;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return std::get<bool>(value);
}

void WriteAll(const Measured& measured, AttributeSink& sink) {
  WriteCommon(measured, sink);
  if (measured.status > 0) {
    sink.Add("http.response.status_code", static_cast<int32_t>(measured.status));
  }
  sink.AddText("http.route", measured.route);
  sink.AddText("error.type", measured.error_type);
  sink.AddText("network.protocol.version", measured.version);
  if (measured.extra == nullptr) return;
  for (const auto& [key, value] : *measured.extra) sink.Add(View(key), ValueOf(value));
}

}  // namespace

std::shared_ptr<const HttpInstruments> InstrumentsOf(
    const nostd::shared_ptr<metrics::MeterProvider>& provider) {
  if (!provider) return nullptr;
  static std::mutex mutex;
  static auto& made =
      *new std::map<metrics::MeterProvider*, std::weak_ptr<const HttpInstruments>>();
  const std::lock_guard lock(mutex);
  std::weak_ptr<const HttpInstruments>& known = made[provider.get()];
  if (auto instruments = known.lock()) return instruments;
  const auto meter = provider->GetMeter(kScopeName, kScopeVersion, kSchemaUrl);
  std::shared_ptr<const HttpInstruments> instruments(
      new HttpInstruments{provider, MakeServerInstruments(*meter), MakeClientInstruments(*meter)});
  known = instruments;
  return instruments;
}

void Record(const Instruments& instruments, const Measured& measured,
            const opentelemetry::context::Context& context) {
  const LazyAttributes attributes([&measured](AttributeSink& sink) { WriteAll(measured, sink); });
  instruments.duration->Record(measured.seconds, attributes, context);
  if (measured.request_bytes >= 0) {
    instruments.request_size->Record(static_cast<uint64_t>(measured.request_bytes), attributes,
                                     context);
  }
  if (measured.response_bytes >= 0) {
    instruments.response_size->Record(static_cast<uint64_t>(measured.response_bytes), attributes,
                                      context);
  }
}

void AddActive(const Instruments& instruments, const Measured& measured, int64_t change,
               const opentelemetry::context::Context& context) {
  const LazyAttributes attributes(
      [&measured](AttributeSink& sink) { WriteCommon(measured, sink); });
  instruments.active->Add(change, attributes, context);
}

}  // namespace spandrel::instrument
