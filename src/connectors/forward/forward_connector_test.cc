// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <utility>

#include "connectors/factories.h"

namespace spandrel::connectors {
namespace {

using base::Status;
using base::StatusCode;

class Counting final : public pipeline::Consumer<signal::LogBatch> {
 public:
  explicit Counting(Status answer) : answer_(std::move(answer)) {}
  void Consume(signal::LogBatch&& batch, pipeline::Completion done) override {
    items += batch.item_count();
    done(answer_);
  }

  size_t items = 0;

 private:
  const Status answer_;
};

signal::LogBatch TwoRecords() {
  auto chunk = std::make_shared<signal::RecordChunk>();
  chunk->records.resize(2, {{0, 1}, 0, 1});
  return signal::LogBatch(std::move(chunk));
}

TEST(ForwardConnector, HandsOnToAllAndJoinsWhatTheySay) {
  const auto factory = MakeForwardConnectorFactory();
  base::MetricRegistry metrics;
  base::ByteBudget memory(1 << 20);
  const auto content = std::make_shared<Counting>(Status());
  const auto later = std::make_shared<Counting>(Status(StatusCode::kUnavailable, "later"));
  auto made = factory.create.get<signal::LogBatch, signal::LogBatch>()(
      {"forward", metrics, memory}, std::make_shared<pipeline::ConfigBase>(),
      {{"logs/a", content}, {"logs/b", later}});
  ASSERT_TRUE(made.ok());
  Status outcome;
  (*made)->Consume(TwoRecords(), [&](Status status) { outcome = std::move(status); });
  EXPECT_EQ(content->items, 2u);
  EXPECT_EQ(later->items, 2u);
  EXPECT_EQ(outcome.code(), StatusCode::kUnavailable);
}

TEST(ForwardConnector, KeepsTheSignal) {
  const auto factory = MakeForwardConnectorFactory();
  for (const signal::Signal from : signal::kAllSignals) {
    for (const signal::Signal to : signal::kAllSignals) {
      EXPECT_EQ(factory.create.Serves(from, to), from == to);
    }
  }
}

}  // namespace
}  // namespace spandrel::connectors
