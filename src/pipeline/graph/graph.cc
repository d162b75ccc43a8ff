// SPDX-License-Identifier: Apache-2.0
#include "pipeline/graph/graph.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "pipeline/graph/plan.h"

namespace spandrel::pipeline {
namespace {

bool Contains(const std::vector<NodePtr>& nodes, const NodePtr& node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

// Those of `nodes` that are not among `others`, and listen or do not, in their order.
std::vector<NodePtr> Missing(const std::vector<NodePtr>& nodes, const std::vector<NodePtr>& others,
                             bool listens) {
  std::vector<NodePtr> missing;
  for (const NodePtr& node : nodes) {
    if (node->listens == listens && !Contains(others, node)) missing.push_back(node);
  }
  return missing;
}

}  // namespace

base::Result<std::unique_ptr<Graph>> Graph::Build(const ServiceConfig& config,
                                                  const Factories& factories,
                                                  base::MetricRegistry& metrics,
                                                  base::ByteBudget& memory,
                                                  base::HealthBoard* health) {
  std::unique_ptr<Graph> graph(new Graph(factories, metrics, memory, health));
  const Plan plan = MakePlan(config, factories);
  auto nodes = graph->Build(plan);
  if (!nodes.ok()) return nodes.status();
  graph->nodes_ = *std::move(nodes);
  PointReceivers(plan, graph->nodes_, graph->nodes_);
  return graph;
}

Graph::~Graph() {
  Shutdown(std::chrono::steady_clock::now());
  // First the stages that hold others.
  while (!nodes_.empty()) nodes_.pop_back();
}

base::Status Graph::Start() {
  SPANDREL_RETURN_IF_ERROR(StartAll(nodes_));
  started_ = nodes_.size();
  return {};
}

base::Status Graph::StartAll(const std::vector<NodePtr>& nodes) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (const base::Status status = nodes[i]->component->Start(); !status.ok()) {
      StopAll({nodes.begin(), nodes.begin() + static_cast<ptrdiff_t>(i)},
              std::chrono::steady_clock::now());
      return status.Annotate(nodes[i]->label);
    }
    base::LogDebug("{} started", nodes[i]->label);
  }
  return {};
}

void Graph::StopAll(const std::vector<NodePtr>& nodes, TimePoint deadline) {
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    (*node)->component->Shutdown(deadline);
    base::LogDebug("{} stopped", (*node)->label);
  }
}

void Graph::Shutdown(TimePoint deadline) {
  if (std::exchange(started_, 0) > 0) StopAll(nodes_, deadline);
}

base::Result<std::vector<NodePtr>> Graph::Build(const Plan& plan) {
  auto nodes = BuildNodes(plan, context_, nodes_);
  if (!nodes.ok()) NameExtensions(nodes_);
  return nodes;
}

void Graph::NameExtensions(const std::vector<NodePtr>& nodes) {
  extensions_ = Extensions();
  for (const NodePtr& node : nodes) {
    if (node->kind == ComponentKind::kExtension) extensions_.Add(node->config.id, node->component);
  }
}

base::Result<Graph::Changes> Graph::Reload(const ServiceConfig& config, TimePoint deadline) {
  const Plan plan = MakePlan(config, context_.factories);
  auto built = Build(plan);
  if (!built.ok()) return built.status();
  std::vector<NodePtr> nodes = *std::move(built);
  const std::vector<NodePtr> quiet_new = Missing(nodes, nodes_, false);
  const std::vector<NodePtr> quiet_old = Missing(nodes_, nodes, false);
  const std::vector<NodePtr> listeners_new = Missing(nodes, nodes_, true);
  const std::vector<NodePtr> listeners_old = Missing(nodes_, nodes, true);

  PointReceivers(plan, nodes, listeners_new);
  PointReceivers(plan, nodes, quiet_new);
  base::Status status = StartAll(quiet_new);
  if (status.ok()) {
    status = ReplaceListeners(listeners_old, listeners_new, deadline);
    if (!status.ok()) StopAll(quiet_new, std::chrono::steady_clock::now());
  }
  if (!status.ok()) {
    NameExtensions(nodes_);
    return status;
  }
  WaitUntilLeft(PointReceivers(plan, nodes, nodes), deadline);
  StopAll(quiet_old, deadline);

  const Changes changes = {nodes.size() - quiet_new.size() - listeners_new.size(),
                           quiet_new.size() + listeners_new.size(),
                           quiet_old.size() + listeners_old.size()};
  nodes_ = std::move(nodes);
  started_ = nodes_.size();
  NameExtensions(nodes_);
  return changes;
}

base::Status Graph::ReplaceListeners(const std::vector<NodePtr>& old_listeners,
                                     const std::vector<NodePtr>& new_listeners,
                                     TimePoint deadline) {
  StopAll(old_listeners, deadline);
  base::Status status = StartAll(new_listeners);
  if (status.ok()) return {};
  NameExtensions(nodes_);  // which the old listeners use
  for (const NodePtr& node : old_listeners) {
    auto made = MakeAgain(*node, context_);
    const base::Status restored = made.ok() ? (*made)->Start() : made.status();
    if (restored.ok()) {
      node->component = *std::move(made);
    } else {
      base::LogError("{}: could not be started again: {}", node->label, restored.ToString());
    }
  }
  return status;
}

}  // namespace spandrel::pipeline
