// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>
#include <vector>

#include "connectors/factories.h"
#include "pipeline/fan_out.h"
#include "signal/batch.h"

namespace spandrel::connectors {
namespace {

// Hands what it gets to every pipeline that begins with it.
template <typename Batch>
class ForwardConnector final : public pipeline::Connector<Batch> {
 public:
  explicit ForwardConnector(pipeline::ConsumerPtr<Batch> next) : next_(std::move(next)) {}

  base::Status Start() override { return {}; }
  void Shutdown(std::chrono::steady_clock::time_point) override {}
  void Consume(Batch&& batch, pipeline::Completion done) override {
    next_->Consume(std::move(batch), std::move(done));
  }
  bool AnswersFromMemory() const override { return next_->AnswersFromMemory(); }

 private:
  const pipeline::ConsumerPtr<Batch> next_;
};

std::shared_ptr<const pipeline::ConfigBase> DecodeNothing(config::Decoder&) {
  return std::make_shared<pipeline::ConfigBase>();
}

template <typename Batch>
base::Result<std::unique_ptr<pipeline::Connector<Batch>>> MakeForward(
    const pipeline::ComponentContext&, std::shared_ptr<const pipeline::ConfigBase>,
    std::vector<pipeline::PipelineInput<Batch>> next) {
  std::vector<pipeline::ConsumerPtr<Batch>> consumers;
  consumers.reserve(next.size());
  for (auto& input : next) consumers.push_back(std::move(input.first));
  return std::unique_ptr<pipeline::Connector<Batch>>(
      std::make_unique<ForwardConnector<Batch>>(pipeline::JoinConsumers(std::move(consumers))));
}

}  // namespace

pipeline::ConnectorFactory MakeForwardConnectorFactory() {
  pipeline::ConnectorFactory factory;
  factory.info = {"forward", {}, "stable", "Hands what ends one pipeline to the next ones."};
  factory.decode = DecodeNothing;
  factory.create.Set<span::SpanBatch, span::SpanBatch>(MakeForward<span::SpanBatch>);
  factory.create.Set<signal::MetricBatch, signal::MetricBatch>(MakeForward<signal::MetricBatch>);
  factory.create.Set<signal::LogBatch, signal::LogBatch>(MakeForward<signal::LogBatch>);
  return factory;
}

}  // namespace spandrel::connectors
