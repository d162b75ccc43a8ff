// SPDX-License-Identifier: Apache-2.0
#include "pipeline/graph/node.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "pipeline/extensions.h"
#include "pipeline/fan_out.h"

namespace spandrel::pipeline {
namespace {

class Builder {
 public:
  Builder(const Plan& plan, const BuildContext& context, const std::vector<NodePtr>& running)
      : plan_(plan), context_(context), running_(running) {}

  base::Result<std::vector<NodePtr>> Build() {
    for (const PlannedNode& planned : plan_.nodes) {
      NodePtr node = FindRunning(planned.identity);
      if (node == nullptr) {
        auto made = Make(planned);
        if (!made.ok()) return made.status().Annotate(planned.Label());
        node = *std::move(made);
      }
      if (planned.kind == ComponentKind::kExtension) {
        context_.extensions.Add(planned.id, node->component);
      }
      nodes_.push_back(std::move(node));
    }
    return std::move(nodes_);
  }

 private:
  NodePtr FindRunning(uint64_t identity) const {
    const auto found = std::find_if(running_.begin(), running_.end(), [&](const NodePtr& node) {
      return node->identity == identity;
    });
    return found == running_.end() ? nullptr : *found;
  }

  base::Result<NodePtr> Make(const PlannedNode& planned) {
    auto node = std::make_shared<Node>();
    node->label = planned.Label();
    node->kind = planned.kind;
    node->identity = planned.identity;
    node->listens = planned.listens();
    node->config = *planned.component;
    SPANDREL_RETURN_IF_ERROR(MakeComponent(planned, node.get()));
    return node;
  }

  base::Status MakeComponent(const PlannedNode& planned, Node* node) {
    switch (planned.kind) {
      case ComponentKind::kReceiver:
      case ComponentKind::kExtension: {
        auto made = MakeAgain(*node, context_);
        if (!made.ok()) return made.status();
        node->component = *std::move(made);
        return {};
      }
      default:
        return signal::VisitSignal(
            *planned.signal, [&]<typename Batch>() { return MakeStage<Batch>(planned, node); });
    }
  }

  template <typename Batch>
  base::Status MakeStage(const PlannedNode& planned, Node* node) {
    auto made = CreateStage<Batch>(planned);
    if (!made.ok()) return made.status();
    const std::shared_ptr<Stage<Batch>> stage = *std::move(made);
    node->component = stage;
    node->consumer.get<Batch>() = stage;
    return {};
  }

  template <typename Batch>
  base::Result<std::unique_ptr<Stage<Batch>>> CreateStage(const PlannedNode& planned) {
    const ComponentConfig& component = *planned.component;
    const ComponentContext context = ContextOf(planned.id);
    if (planned.kind == ComponentKind::kExporter) {
      const auto* factory = FindFactory(context_.factories.exporters, component.type);
      return factory->create.template get<Batch>()(context, component.config);
    }
    if (planned.kind == ComponentKind::kProcessor) {
      const auto* factory = FindFactory(context_.factories.processors, component.type);
      return factory->create.template get<Batch>()(context, component.config,
                                                   JoinFeed<Batch>(planned.feeds.front()));
    }
    SPANDREL_CHECK(planned.kind == ComponentKind::kConnector);
    return signal::VisitSignal(
        *planned.to, [&]<typename To>() { return CreateConnector<Batch, To>(planned, context); });
  }

  template <typename From, typename To>
  base::Result<std::unique_ptr<Stage<From>>> CreateConnector(const PlannedNode& planned,
                                                             const ComponentContext& context) {
    const auto* factory = FindFactory(context_.factories.connectors, planned.component->type);
    std::vector<PipelineInput<To>> next;
    for (const Feed& feed : planned.feeds) next.push_back({feed.pipeline, JoinFeed<To>(feed)});
    return factory->create.template get<From, To>()(context, planned.component->config,
                                                    std::move(next));
  }

  template <typename Batch>
  ConsumerPtr<Batch> JoinFeed(const Feed& feed) {
    std::vector<ConsumerPtr<Batch>> consumers;
    for (const size_t next : feed.nodes) consumers.push_back(nodes_[next]->consumer.get<Batch>());
    return JoinConsumers(std::move(consumers));
  }

  ComponentContext ContextOf(const std::string& id) const {
    return {id, context_.metrics, context_.memory, &context_.extensions, context_.health};
  }

  const Plan& plan_;
  const BuildContext& context_;
  const std::vector<NodePtr>& running_;
  std::vector<NodePtr> nodes_;
};

// The consumers of all pipelines of a signal that the receiver feeds, joined; null without any.
template <typename Batch>
ConsumerPtr<Batch> JoinFeeds(const PlannedNode& receiver, const std::vector<NodePtr>& nodes) {
  std::vector<ConsumerPtr<Batch>> pipelines;
  for (const Feed& feed : receiver.feeds) {
    if (feed.signal != signal::kSignalOf<Batch>) continue;
    std::vector<ConsumerPtr<Batch>> consumers;
    for (const size_t next : feed.nodes) consumers.push_back(nodes[next]->consumer.get<Batch>());
    pipelines.push_back(JoinConsumers(std::move(consumers)));
  }
  return pipelines.empty() ? nullptr : JoinConsumers(std::move(pipelines));
}

}  // namespace

base::Result<std::vector<NodePtr>> BuildNodes(const Plan& plan, const BuildContext& context,
                                              const std::vector<NodePtr>& running) {
  return Builder(plan, context, running).Build();
}

base::Result<std::shared_ptr<Component>> MakeAgain(const Node& node, const BuildContext& context) {
  const ComponentContext component_context{node.config.id, context.metrics, context.memory,
                                           &context.extensions, context.health};
  base::Result<std::unique_ptr<Component>> made = [&] {
    if (node.kind == ComponentKind::kExtension) {
      const auto* factory = FindFactory(context.factories.extensions, node.config.type);
      return factory->create(component_context, node.config.config);
    }
    const auto* factory = FindFactory(context.factories.receivers, node.config.type);
    return factory->create(component_context, node.config.config, node.outputs);
  }();
  if (!made.ok()) return made.status();
  return std::shared_ptr<Component>(*std::move(made));
}

std::vector<Left> PointReceivers(const Plan& plan, const std::vector<NodePtr>& nodes,
                                 const std::vector<NodePtr>& which) {
  std::vector<Left> left;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i]->kind != ComponentKind::kReceiver) continue;
    if (std::find(which.begin(), which.end(), nodes[i]) == which.end()) continue;
    for (const signal::Signal signal : signal::kAllSignals) {
      signal::VisitSignal(signal, [&]<typename Batch>() {
        left.push_back(
            nodes[i]->outputs.get<Batch>()->Point(JoinFeeds<Batch>(plan.nodes[i], nodes)));
      });
    }
  }
  return left;
}

}  // namespace spandrel::pipeline
