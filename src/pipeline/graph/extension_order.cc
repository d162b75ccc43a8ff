// SPDX-License-Identifier: Apache-2.0
#include "pipeline/graph/extension_order.h"

#include <algorithm>
#include <utility>

#include "pipeline/graph/pipeline_order.h"

namespace spandrel::pipeline {
namespace {

// An extension that uses another stands to it as a pipeline to one that it feeds.
struct Uses {
  std::vector<PipelineEdge> edges;
  std::vector<std::vector<ExtensionUse>> by_user;
};

Uses UsesAmong(const ServiceConfig& service) {
  const std::vector<std::string>& running = service.service_extensions;
  Uses uses;
  for (size_t user = 0; user < running.size(); ++user) {
    uses.by_user.emplace_back();
    const ComponentConfig* component = FindComponent(service.extensions, running[user]);
    if (component == nullptr || component->config == nullptr) continue;
    uses.by_user.back() = component->config->extension_uses();
    for (const ExtensionUse& use : uses.by_user.back()) {
      const auto used = std::find(running.begin(), running.end(), use.id);
      if (used == running.end()) continue;
      uses.edges.push_back({use.id, user, static_cast<size_t>(used - running.begin())});
    }
  }
  return uses;
}

}  // namespace

ExtensionOrder OrderExtensions(const ServiceConfig& service) {
  const Uses uses = UsesAmong(service);
  const PipelineOrder found = OrderPipelines(service.service_extensions.size(), uses.edges);
  ExtensionOrder order;
  for (const size_t index : found.order) order.ids.push_back(service.service_extensions[index]);
  for (const PipelineEdge& edge : found.cycle) {
    const auto& of_user = uses.by_user[edge.from];
    const auto use = std::find_if(of_user.begin(), of_user.end(), [&](const ExtensionUse& one) {
      return one.id == edge.connector;
    });
    order.cycle.push_back(*use);
  }
  return order;
}

}  // namespace spandrel::pipeline
