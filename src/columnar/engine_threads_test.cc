// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "columnar/engine.h"
#include "columnar/testing/spans.h"
#include "conformance/test_spans.h"
#include "disk/testing/directory.h"

namespace spandrel::columnar {
namespace {

using conformance::MakeBatch;
using conformance::TraceIdOf;

constexpr uint64_t kTracesPerWriter = 400;

// Writers and readers at once, while heads are sealed and parts merged under them: a trace can be
// read from the moment it is acknowledged, whole, once, and for good.
TEST(EngineThreadsTest, ReadsSeeEveryAcknowledgedSpanWhileSealingAndMerging) {
  const disk::TestDirectory directory;
  base::MetricRegistry metrics;
  EngineOptions options;
  options.directory = directory.path();
  options.durability = Durability::kOs;
  options.seal_spans = 40;
  options.merge_fan_in = 2;
  auto opened = Engine::Open(options, metrics);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  Engine& engine = **opened;

  std::atomic<uint64_t> acknowledged[2] = {0, 0};
  std::atomic<bool> writing{true};
  const auto write = [&](uint64_t writer) {
    for (uint64_t i = 1; i <= kTracesPerWriter; ++i) {
      const uint64_t trace = writer * 1'000'000 + i;
      const auto batch = MakeBatch({{.trace = trace, .span = 1, .start = i * 1000},
                                    {.trace = trace, .span = 2, .parent = 1, .start = i * 1000}});
      ASSERT_TRUE(AppendAndWait(engine, batch).ok());
      acknowledged[writer] = i;
    }
  };
  const auto read = [&](uint64_t writer) {
    while (writing) {
      const uint64_t last = acknowledged[writer];
      if (last == 0) continue;
      const auto trace = engine.GetTrace({}, TraceIdOf(writer * 1'000'000 + last));
      ASSERT_TRUE(trace.ok()) << trace.status().ToString();
      ASSERT_EQ(trace->span_count(), 2U);
      const auto found = engine.Search({}, {.limit = 5000});
      ASSERT_TRUE(found.ok());
      ASSERT_GE(found->traces.size(), last);
      for (const auto& summary : found->traces) ASSERT_EQ(summary.span_count % 2, 0U);
    }
  };
  std::thread writers[2] = {std::thread(write, 0), std::thread(write, 1)};
  std::thread readers[2] = {std::thread(read, 0), std::thread(read, 1)};
  for (std::thread& thread : writers) thread.join();
  writing = false;
  for (std::thread& thread : readers) thread.join();
  engine.Settle();
  EXPECT_EQ(engine.Stats().spans, 4 * kTracesPerWriter);
}

}  // namespace
}  // namespace spandrel::columnar
