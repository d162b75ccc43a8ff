// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace spandrel::base {
namespace {

TEST(MetricRegistry, OneCounterForANameAndLabels) {
  MetricRegistry registry;
  Counter& a = registry.AddCounter("spans", "Spans.", {{"receiver", "otlp"}});
  Counter& b = registry.AddCounter("spans", "Spans.", {{"receiver", "jaeger"}});
  EXPECT_NE(&a, &b);
  EXPECT_EQ(&a, &registry.AddCounter("spans", "Spans.", {{"receiver", "otlp"}}));
  a.Add(3);
  b.Add();
  const auto samples = registry.Collect();
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].labels[0].second, "jaeger");
  EXPECT_EQ(samples[0].value, 1);
  EXPECT_EQ(samples[1].value, 3);
}

TEST(MetricRegistry, RendersThePrometheusText) {
  MetricRegistry registry;
  registry.AddCounter("b_total", "Help.", {{"reason", "a \"b\"\\\n"}}).Add(5);
  const auto gauge = registry.AddGauge("a_bytes", "Size.", {}, [] { return 1.5; });
  EXPECT_EQ(registry.RenderPrometheus(),
            "# HELP a_bytes Size.\n# TYPE a_bytes gauge\na_bytes 1.5\n"
            "# HELP b_total Help.\n# TYPE b_total counter\n"
            "b_total{reason=\"a \\\"b\\\"\\\\\\n\"} 5\n");
}

TEST(MetricRegistry, AGaugeGoesWithItsHandle) {
  MetricRegistry registry;
  auto handle = registry.AddGauge("g", "G.", {}, [] { return 1.0; });
  EXPECT_EQ(registry.Collect().size(), 1u);
  handle.reset();
  EXPECT_TRUE(registry.Collect().empty());
}

TEST(MetricRegistry, GaugesOfOneNameAndLabelsAreOneSample) {
  MetricRegistry registry;
  const auto old = registry.AddGauge("queue", "Q.", {{"exporter", "a"}}, [] { return 3.0; });
  const auto other = registry.AddGauge("queue", "Q.", {{"exporter", "b"}}, [] { return 1.0; });
  const auto successor = registry.AddGauge("queue", "Q.", {{"exporter", "a"}}, [] { return 4.0; });
  const auto samples = registry.Collect();
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].value, 7);
  EXPECT_EQ(samples[1].value, 1);
}

TEST(MetricRegistry, AHandleMayOutliveTheRegistry) {
  std::optional<MetricRegistry> registry(std::in_place);
  auto handle = registry->AddGauge("g", "G.", {}, [] { return 1.0; });
  registry.reset();
  handle.reset();
}

TEST(MetricRegistry, AReadNeverRunsAfterItsHandle) {
  MetricRegistry registry;
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    while (!stop) (void)registry.Collect();
  });
  for (int i = 0; i < 500; ++i) {
    auto value = std::make_unique<double>(i);
    auto handle = registry.AddGauge("g", "G.", {}, [raw = value.get()] { return *raw; });
    handle.reset();
    value.reset();
  }
  stop = true;
  reader.join();
}

}  // namespace
}  // namespace spandrel::base
