// SPDX-License-Identifier: Apache-2.0
// Read by Debian's own metrics SDK.
#include "sdk/provider/self_metrics.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "opentelemetry/metrics/noop.h"
#include "opentelemetry/metrics/provider.h"
#include "opentelemetry/sdk/metrics/export/metric_producer.h"
#include "opentelemetry/sdk/metrics/meter_provider.h"
#include "opentelemetry/sdk/metrics/metric_reader.h"
#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "sdk/testing/fake_collector.h"

namespace spandrel::sdk {
namespace {

namespace nostd = opentelemetry::nostd;
namespace otel = opentelemetry::sdk::metrics;
using std::chrono::seconds;

class Reader final : public otel::MetricReader {
 public:
  otel::AggregationTemporality GetAggregationTemporality(
      otel::InstrumentType) const noexcept override {
    return otel::AggregationTemporality::kCumulative;
  }

  // Values by name and, behind a slash, error.type; of the histogram its count.
  std::map<std::string, double> Values() {
    std::map<std::string, double> values;
    Collect([&values](otel::ResourceMetrics& metrics) {
      for (const auto& scope : metrics.scope_metric_data_) {
        for (const auto& metric : scope.metric_data_) {
          for (const auto& point : metric.point_data_attr_) {
            std::string name = metric.instrument_descriptor.name_;
            const auto error = point.attributes.find("error.type");
            if (error != point.attributes.end()) {
              name += "/" + nostd::get<std::string>(error->second);
            }
            EXPECT_EQ(point.attributes.count("otel.component.name"), 1u) << name;
            values[name] = ValueOf(point.point_data);
          }
        }
      }
      return true;
    });
    return values;
  }

 private:
  static double ValueOf(const otel::PointType& point) {
    if (const auto* sum = nostd::get_if<otel::SumPointData>(&point)) {
      return static_cast<double>(nostd::get<int64_t>(sum->value_));
    }
    if (const auto* histogram = nostd::get_if<otel::HistogramPointData>(&point)) {
      return static_cast<double>(histogram->count_);
    }
    return -1;
  }
  bool OnForceFlush(std::chrono::microseconds) noexcept override { return true; }
  bool OnShutDown(std::chrono::microseconds) noexcept override { return true; }
};

TEST(SelfMetricsTest, TellWhatBecameOfTheSpans) {
  const auto reader = std::make_shared<Reader>();
  const auto meters = std::make_shared<otel::MeterProvider>();
  meters->AddMetricReader(reader);
  Options options;
  options.max_buffer_spans = 5'000;
  using Meters = nostd::shared_ptr<opentelemetry::metrics::MeterProvider>;
  opentelemetry::metrics::Provider::SetMeterProvider(Meters(meters));
  FakeCollector collector([](int number) -> Transport::Outcome {
    if (number == 1) return {base::Status(base::StatusCode::kInvalidArgument, "no"), 0, {}};
    return {};
  });
  ProviderCore& core = MakeProviderCore(options, collector.factory());
  const auto tracer = core.GetTracer("test", "", "");
  for (int i = 0; i < 10; ++i) tracer->StartSpan("s")->End();
  EXPECT_TRUE(core.ForceFlush(seconds(20)));
  for (int i = 0; i < 4; ++i) tracer->StartSpan("s")->End();
  EXPECT_FALSE(core.ForceFlush(seconds(20)));
  for (int i = 0; i < 3; ++i) tracer->StartSpan("s")->End();

  std::map<std::string, double> values = reader->Values();
  EXPECT_EQ(values["otel.sdk.processor.span.queue.size"], 3);
  EXPECT_EQ(values["otel.sdk.processor.span.queue.capacity"], 5'000);
  EXPECT_EQ(values["otel.sdk.processor.span.processed"], 17);
  EXPECT_EQ(values["otel.sdk.exporter.span.inflight"], 0);
  EXPECT_EQ(values["otel.sdk.exporter.span.exported"], 10);
  EXPECT_EQ(values["otel.sdk.exporter.span.exported/rejected"], 4);
  EXPECT_EQ(values["otel.sdk.exporter.operation.duration"], 1);
  EXPECT_EQ(values["otel.sdk.exporter.operation.duration/INVALID_ARGUMENT"], 1);
  EXPECT_TRUE(core.Shutdown(seconds(5)));
  EXPECT_EQ(reader->Values().count("otel.sdk.processor.span.queue.size/"), 0u);
  opentelemetry::metrics::Provider::SetMeterProvider(
      Meters(std::make_shared<opentelemetry::metrics::NoopMeterProvider>()));
}

}  // namespace
}  // namespace spandrel::sdk
