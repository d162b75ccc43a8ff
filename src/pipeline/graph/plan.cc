// SPDX-License-Identifier: Apache-2.0
#include "pipeline/graph/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "pipeline/graph/extension_order.h"
#include "pipeline/graph/pipeline_order.h"

namespace spandrel::pipeline {
namespace {

using signal::Signal;

// References were checked when the configuration was read.
const ComponentConfig& MustFind(const std::vector<ComponentConfig>& components,
                                const std::string& id) {
  const ComponentConfig* found = FindComponent(components, id);
  SPANDREL_CHECK(found != nullptr);
  return *found;
}

class Hash {
 public:
  void Add(uint64_t value) { hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15 + (hash_ >> 29); }
  void Add(std::string_view text) { Add(std::hash<std::string_view>()(text)); }
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0x2545f4914f6cdd1d;
};

class Planner {
 public:
  Planner(const ServiceConfig& config, const Factories& factories)
      : config_(config),
        edges_(ConnectPipelines(config.pipelines, config.connectors, factories.connectors)) {}

  Plan Make() {
    const ExtensionOrder extensions = OrderExtensions(config_);
    SPANDREL_CHECK(extensions.ids.size() == config_.service_extensions.size());
    for (const std::string& id : extensions.ids) {
      extensions_[id] =
          Add({ComponentKind::kExtension, id, "", {}, {}, &MustFind(config_.extensions, id), {}});
    }
    for (const PipelineConfig& pipeline : config_.pipelines) AddExporters(pipeline);
    heads_.resize(config_.pipelines.size());
    const PipelineOrder order = OrderPipelines(config_.pipelines.size(), edges_);
    SPANDREL_CHECK(order.order.size() == config_.pipelines.size());
    for (const size_t pipeline : order.order) AddPipeline(pipeline);
    for (const PipelineConfig& pipeline : config_.pipelines) AddReceivers(pipeline);
    return std::move(plan_);
  }

 private:
  bool IsConnector(const std::string& id) const {
    return FindComponent(config_.connectors, id) != nullptr;
  }

  size_t Add(PlannedNode node) {
    node.identity = IdentityOf(node);
    plan_.nodes.push_back(std::move(node));
    return plan_.nodes.size() - 1;
  }

  uint64_t IdentityOf(const PlannedNode& node) const {
    Hash hash;
    hash.Add(static_cast<uint64_t>(node.kind));
    hash.Add(node.id);
    hash.Add(node.component->type);
    hash.Add(node.pipeline);
    hash.Add(node.signal ? 1 + static_cast<uint64_t>(*node.signal) : 0);
    hash.Add(node.to ? 1 + static_cast<uint64_t>(*node.to) : 0);
    hash.Add(node.component->effective_hash);
    for (const ExtensionUse& use : node.component->config->extension_uses()) {
      hash.Add(plan_.nodes[extensions_.at(use.id)].identity);
    }
    if (node.kind == ComponentKind::kReceiver) return hash.value();
    for (const Feed& feed : node.feeds) {
      hash.Add(feed.pipeline);
      for (const size_t next : feed.nodes) hash.Add(plan_.nodes[next].identity);
    }
    return hash.value();
  }

  void AddExporters(const PipelineConfig& pipeline) {
    for (const std::string& id : pipeline.exporters) {
      if (IsConnector(id) || exporters_.contains({id, pipeline.signal})) continue;
      exporters_[{id, pipeline.signal}] = Add({ComponentKind::kExporter,
                                               id,
                                               "",
                                               pipeline.signal,
                                               {},
                                               &MustFind(config_.exporters, id),
                                               {}});
    }
  }

  // From the end; pipelines that it feeds are there already.
  void AddPipeline(size_t index) {
    const PipelineConfig& pipeline = config_.pipelines[index];
    std::vector<size_t> next;
    for (const std::string& id : pipeline.exporters) {
      if (IsConnector(id)) {
        AddConnectors(id, pipeline.signal, &next);
      } else {
        next.push_back(exporters_.at({id, pipeline.signal}));
      }
    }
    for (auto id = pipeline.processors.rbegin(); id != pipeline.processors.rend(); ++id) {
      const size_t node = Add({ComponentKind::kProcessor,
                               *id,
                               pipeline.id,
                               pipeline.signal,
                               {},
                               &MustFind(config_.processors, *id),
                               {{"", pipeline.signal, std::move(next)}}});
      next = {node};
    }
    heads_[index] = {pipeline.id, pipeline.signal, std::move(next)};
  }

  // The connector's nodes that take `from`, one for each signal that it gives, made when first
  // asked for.
  void AddConnectors(const std::string& id, Signal from, std::vector<size_t>* nodes) {
    for (const Signal to : signal::kAllSignals) {
      const auto key = std::make_tuple(id, from, to);
      const auto known = connectors_.find(key);
      if (known != connectors_.end()) {
        nodes->push_back(known->second);
        continue;
      }
      std::vector<Feed> feeds = FeedsOf(id, from, to);
      if (feeds.empty()) continue;
      connectors_[key] = Add({ComponentKind::kConnector, id, "", from, to,
                              &MustFind(config_.connectors, id), std::move(feeds)});
      nodes->push_back(connectors_[key]);
    }
  }

  std::vector<Feed> FeedsOf(const std::string& connector, Signal from, Signal to) const {
    std::map<size_t, Feed> feeds;
    for (const PipelineEdge& edge : edges_) {
      if (edge.connector != connector || config_.pipelines[edge.from].signal != from) continue;
      if (config_.pipelines[edge.to].signal == to) feeds[edge.to] = heads_[edge.to];
    }
    std::vector<Feed> list;
    list.reserve(feeds.size());
    for (auto& [index, feed] : feeds) list.push_back(std::move(feed));
    return list;
  }

  void AddReceivers(const PipelineConfig& pipeline) {
    for (const std::string& id : pipeline.receivers) {
      if (IsConnector(id) || !receivers_.insert(id).second) continue;
      PlannedNode node{ComponentKind::kReceiver,         id, "", {}, {},
                       &MustFind(config_.receivers, id), {}};
      for (size_t i = 0; i < config_.pipelines.size(); ++i) {
        const std::vector<std::string>& named = config_.pipelines[i].receivers;
        if (std::find(named.begin(), named.end(), id) != named.end()) {
          node.feeds.push_back(heads_[i]);
        }
      }
      Add(std::move(node));
    }
  }

  const ServiceConfig& config_;
  const std::vector<PipelineEdge> edges_;
  Plan plan_;
  std::map<std::string, size_t> extensions_;
  std::map<std::pair<std::string, Signal>, size_t> exporters_;
  std::map<std::tuple<std::string, Signal, Signal>, size_t> connectors_;
  std::set<std::string> receivers_;
  std::vector<Feed> heads_;  // of each pipeline, once it is planned
};

}  // namespace

std::string PlannedNode::Label() const {
  std::string label = fmt::format("{} {}", ComponentKindName(kind), id);
  if (kind == ComponentKind::kProcessor) return label + " of pipeline " + pipeline;
  if (kind == ComponentKind::kConnector) {
    return label +
           fmt::format(" from {} to {}", signal::SignalName(*signal), signal::SignalName(*to));
  }
  const bool is_plain = !signal || *signal == Signal::kTraces;
  return is_plain ? label : label + fmt::format(" for {}", signal::SignalName(*signal));
}

Plan MakePlan(const ServiceConfig& config, const Factories& factories) {
  return Planner(config, factories).Make();
}

}  // namespace spandrel::pipeline
