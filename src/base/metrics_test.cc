// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace spandrel::base {
namespace {

constexpr MetricEntry kTable[] = {
    {"a_bytes", MetricKind::kGauge, MetricSeverity::kNormal, "", "Size."},
    {"b_total", MetricKind::kCounter, MetricSeverity::kLoss, "reason", "Help."},
    {"g", MetricKind::kGauge, MetricSeverity::kNormal, "", "G."},
    {"queue", MetricKind::kGauge, MetricSeverity::kNormal, "data_type,exporter", "Q."},
    {"spans", MetricKind::kCounter, MetricSeverity::kNormal, "receiver", "Spans."},
};

TEST(MetricRegistry, OneCounterForANameAndLabels) {
  MetricRegistry registry(kTable);
  Counter& a = registry.AddCounter("spans", {{"receiver", "otlp"}});
  Counter& b = registry.AddCounter("spans", {{"receiver", "jaeger"}});
  EXPECT_NE(&a, &b);
  EXPECT_EQ(&a, &registry.AddCounter("spans", {{"receiver", "otlp"}}));
  a.Add(3);
  b.Add();
  const auto samples = registry.Collect();
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].labels[0].second, "jaeger");
  EXPECT_EQ(samples[0].value, 1);
  EXPECT_EQ(samples[1].value, 3);
}

TEST(MetricRegistry, RendersThePrometheusText) {
  MetricRegistry registry(kTable);
  registry.AddCounter("b_total", {{"reason", "a \"b\"\\\n"}}).Add(5);
  const auto gauge = registry.AddGauge("a_bytes", {}, [] { return 1.5; });
  EXPECT_EQ(registry.RenderPrometheus(),
            "# HELP a_bytes Size.\n# TYPE a_bytes gauge\na_bytes 1.5\n"
            "# HELP b_total Help.\n# TYPE b_total counter\n"
            "b_total{reason=\"a \\\"b\\\"\\\\\\n\"} 5\n");
}

TEST(MetricRegistry, AGaugeGoesWithItsHandle) {
  MetricRegistry registry(kTable);
  auto handle = registry.AddGauge("g", {}, [] { return 1.0; });
  EXPECT_EQ(registry.Collect().size(), 1u);
  handle.reset();
  EXPECT_TRUE(registry.Collect().empty());
}

TEST(MetricRegistry, GaugesOfOneNameAndLabelsAreOneSample) {
  MetricRegistry registry(kTable);
  const MetricLabels labels_a = {{"data_type", "traces"}, {"exporter", "a"}};
  const MetricLabels labels_b = {{"data_type", "traces"}, {"exporter", "b"}};
  const auto old = registry.AddGauge("queue", labels_a, [] { return 3.0; });
  const auto other = registry.AddGauge("queue", labels_b, [] { return 1.0; });
  const auto successor = registry.AddGauge("queue", labels_a, [] { return 4.0; });
  const auto samples = registry.Collect();
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].value, 7);
  EXPECT_EQ(samples[1].value, 1);
}

TEST(MetricRegistry, AHandleMayOutliveTheRegistry) {
  std::optional<MetricRegistry> registry(std::in_place, kTable);
  auto handle = registry->AddGauge("g", {}, [] { return 1.0; });
  registry.reset();
  handle.reset();
}

TEST(MetricRegistry, AReadNeverRunsAfterItsHandle) {
  MetricRegistry registry(kTable);
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    while (!stop) (void)registry.Collect();
  });
  for (int i = 0; i < 500; ++i) {
    auto value = std::make_unique<double>(i);
    auto handle = registry.AddGauge("g", {}, [raw = value.get()] { return *raw; });
    handle.reset();
    value.reset();
  }
  stop = true;
  reader.join();
}

TEST(MetricRegistryDeathTest, WhatIsNotInTheTableEndsTheProcess) {
  MetricRegistry registry(kTable);
  EXPECT_DEATH(registry.AddCounter("spam"), "metric spam has no row");
  EXPECT_DEATH(registry.AddCounter("spans"), "metric spans has other labels");
  EXPECT_DEATH(registry.AddCounter("spans", {{"exporter", "otlp"}}), "other labels");
  EXPECT_DEATH(registry.AddCounter("g"), "metric g is no counter");
  const MetricLabels swapped = {{"exporter", "a"}, {"data_type", "traces"}};
  EXPECT_DEATH((void)registry.AddGauge("queue", swapped, [] { return 1.0; }), "other labels");
}

}  // namespace
}  // namespace spandrel::base
