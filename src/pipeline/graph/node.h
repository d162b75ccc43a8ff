// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "pipeline/component.h"
#include "pipeline/graph/plan.h"
#include "pipeline/outputs.h"

namespace spandrel::pipeline {

// A stage's consumer; the one of its signal is set.
struct NodeConsumer {
  ConsumerPtr<span::SpanBatch> traces;
  ConsumerPtr<signal::MetricBatch> metrics;
  ConsumerPtr<signal::LogBatch> logs;

  template <typename Batch>
  ConsumerPtr<Batch>& get() {
    if constexpr (std::is_same_v<Batch, signal::MetricBatch>) {
      return metrics;
    } else if constexpr (std::is_same_v<Batch, signal::LogBatch>) {
      return logs;
    } else {
      return traces;
    }
  }
};

// A component that was made.
struct Node {
  std::string label;
  ComponentKind kind = ComponentKind::kExporter;
  uint64_t identity = 0;
  bool listens = false;
  ComponentConfig config;  // what it was made from, so that it can be made again
  std::shared_ptr<Component> component;
  NodeConsumer consumer;  // of exporters, processors and connectors
  Outputs outputs;        // of receivers
};
using NodePtr = std::shared_ptr<Node>;

// Makes the nodes of a plan, in its order; those that `running` has with the same identity are
// taken over. Starts nothing and changes nothing that runs: receivers that were taken over feed
// what they fed, until PointReceivers. An error names the component.
struct BuildContext {
  const Factories& factories;
  base::MetricRegistry& metrics;
  base::ByteBudget& memory;
  base::HealthBoard* health;  // null: nobody asks
  Extensions& extensions;     // filled with the plan's; outlives the nodes
};
base::Result<std::vector<NodePtr>> BuildNodes(const Plan& plan, const BuildContext& context,
                                              const std::vector<NodePtr>& running);

// A receiver or extension again, from the configuration and for the outputs of `node`.
base::Result<std::shared_ptr<Component>> MakeAgain(const Node& node, const BuildContext& context);

// Points the receivers of the plan at the nodes that they feed. `nodes` are the plan's; only
// receivers among `which` are pointed. Returns what they were pointed at before.
std::vector<Left> PointReceivers(const Plan& plan, const std::vector<NodePtr>& nodes,
                                 const std::vector<NodePtr>& which);

}  // namespace spandrel::pipeline
