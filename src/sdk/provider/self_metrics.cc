// SPDX-License-Identifier: Apache-2.0
#include "sdk/provider/self_metrics.h"

#include <algorithm>
#include <atomic>
#include <initializer_list>
#include <utility>

#include "opentelemetry/context/context.h"
#include "opentelemetry/metrics/meter.h"
#include "opentelemetry/metrics/observer_result.h"

namespace spandrel::sdk {
namespace {

namespace common = opentelemetry::common;
namespace metrics = opentelemetry::metrics;
namespace nostd = opentelemetry::nostd;

using Labels = std::initializer_list<std::pair<nostd::string_view, common::AttributeValue>>;

// What one callback reports, with the labels of its component and an error.
class Report {
 public:
  Report(metrics::ObserverResult& result, nostd::string_view type, nostd::string_view name)
      : result_(result), type_(type), name_(name) {}

  void Add(uint64_t value) {
    Observe(value, {{"otel.component.type", type_}, {"otel.component.name", name_}});
  }
  // Errors are told when there were some.
  void AddError(uint64_t value, nostd::string_view error) {
    if (value == 0) return;
    Observe(
        value,
        {{"otel.component.type", type_}, {"otel.component.name", name_}, {"error.type", error}});
  }

 private:
  void Observe(uint64_t value, Labels labels) {
    using Result = nostd::shared_ptr<metrics::ObserverResultT<int64_t>>;
    if (!nostd::holds_alternative<Result>(result_)) return;
    nostd::get<Result>(result_)->Observe(static_cast<int64_t>(value), labels);
  }

  metrics::ObserverResult& result_;
  const nostd::string_view type_;
  const nostd::string_view name_;
};

std::string TypeOf(const ExportOptions& options) {
  if (options.sink != nullptr) return "sink_span_exporter";
  switch (options.protocol) {
    case ExportOptions::Protocol::kGrpc:
      return "otlp_grpc_span_exporter";
    case ExportOptions::Protocol::kHttpProtobuf:
      return "otlp_http_span_exporter";
    case ExportOptions::Protocol::kConsole:
      break;
  }
  return "console_span_exporter";
}

constexpr char kProcessorType[] = "batching_span_processor";

std::string NumberOfComponent() {
  static std::atomic<uint64_t> next{0};
  return "/" + std::to_string(next++);
}

}  // namespace

// The state of each callback is the object itself.
SelfMetrics::SelfMetrics(metrics::MeterProvider& meters, const Options& options, Read read)
    : read_(std::move(read)),
      capacity_(static_cast<int64_t>(options.max_buffer_spans)),
      processor_name_(kProcessorType + NumberOfComponent()),
      exporter_name_(TypeOf(options.exporter) + NumberOfComponent()),
      exporter_type_(TypeOf(options.exporter)) {
  const auto meter = meters.GetMeter("spandrel.sdk", "0.1.0");
  Observe(meter->CreateInt64ObservableUpDownCounter("otel.sdk.processor.span.queue.size",
                                                    "Ended spans that wait to be sent", "{span}"),
          [](metrics::ObserverResult result, void* state) {
            const auto& self = *static_cast<const SelfMetrics*>(state);
            const Stats stats = self.read_().stats;
            const uint64_t gone = stats.exported + stats.spooled + stats.dropped();
            Report(result, kProcessorType, self.processor_name_)
                .Add(stats.ended - std::min(gone, stats.ended));
          });
  if (capacity_ > 0) {
    Observe(meter->CreateInt64ObservableUpDownCounter("otel.sdk.processor.span.queue.capacity",
                                                      "How many spans may wait", "{span}"),
            [](metrics::ObserverResult result, void* state) {
              const auto& self = *static_cast<const SelfMetrics*>(state);
              Report(result, kProcessorType, self.processor_name_)
                  .Add(static_cast<uint64_t>(self.capacity_));
            });
  }
  Observe(meter->CreateInt64ObservableCounter("otel.sdk.processor.span.processed",
                                              "Ended spans, taken or dropped", "{span}"),
          [](metrics::ObserverResult result, void* state) {
            const auto& self = *static_cast<const SelfMetrics*>(state);
            const Stats stats = self.read_().stats;
            Report report(result, kProcessorType, self.processor_name_);
            report.Add(stats.ended - stats.dropped_buffer_full);
            report.AddError(stats.dropped_buffer_full, "queue_full");
          });
  Observe(meter->CreateInt64ObservableUpDownCounter("otel.sdk.exporter.span.inflight",
                                                    "Spans of requests under way", "{span}"),
          [](metrics::ObserverResult result, void* state) {
            const auto& self = *static_cast<const SelfMetrics*>(state);
            Report(result, self.exporter_type_, self.exporter_name_).Add(self.read_().in_flight);
          });
  Observe(meter->CreateInt64ObservableCounter("otel.sdk.exporter.span.exported",
                                              "Spans whose export has ended", "{span}"),
          [](metrics::ObserverResult result, void* state) {
            const auto& self = *static_cast<const SelfMetrics*>(state);
            const Stats stats = self.read_().stats;
            Report report(result, self.exporter_type_, self.exporter_name_);
            report.Add(stats.exported + stats.spool_exported);
            report.AddError(stats.dropped_rejected + stats.spool_rejected, "rejected");
            report.AddError(stats.dropped_retry_expired, "retry_expired");
            report.AddError(stats.dropped_shutdown, "shutdown");
          });
  duration_ = meter->CreateDoubleHistogram("otel.sdk.exporter.operation.duration",
                                           "How long one request took", "s");
}

SelfMetrics::~SelfMetrics() {
  for (auto& [instrument, callback] : observed_) instrument->RemoveCallback(callback, this);
}

void SelfMetrics::Observe(Instrument instrument, Callback callback) {
  instrument->AddCallback(callback, this);
  observed_.emplace_back(std::move(instrument), callback);
}

void SelfMetrics::RecordOperation(std::chrono::nanoseconds duration, std::string_view error) {
  const double seconds = std::chrono::duration<double>(duration).count();
  const nostd::string_view type = exporter_type_;
  const nostd::string_view name = exporter_name_;
  const opentelemetry::context::Context context;
  if (error.empty()) {
    return duration_->Record(
        seconds, {{"otel.component.type", type}, {"otel.component.name", name}}, context);
  }
  duration_->Record(seconds,
                    {{"otel.component.type", type},
                     {"otel.component.name", name},
                     {"error.type", nostd::string_view(error.data(), error.size())}},
                    context);
}

}  // namespace spandrel::sdk
