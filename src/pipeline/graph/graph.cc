// SPDX-License-Identifier: Apache-2.0
#include "pipeline/graph/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "pipeline/fan_out.h"

namespace spandrel::pipeline {
namespace {

// References were checked when the configuration was read.
const ComponentConfig& FindComponent(const std::vector<ComponentConfig>& components,
                                     const std::string& id) {
  const auto found = std::find_if(components.begin(), components.end(),
                                  [&](const ComponentConfig& it) { return it.id == id; });
  SPANDREL_CHECK(found != components.end());
  return *found;
}

}  // namespace

class Graph::Builder {
 public:
  Builder(const ServiceConfig& config, const Factories& factories, base::MetricRegistry& metrics,
          base::ByteBudget& memory)
      : config_(config), factories_(factories), metrics_(metrics), memory_(memory) {}

  // In the order of the start.
  base::Status Build(std::vector<Part>* parts) {
    parts_ = parts;
    for (const std::string& id : config_.service_extensions) {
      SPANDREL_RETURN_IF_ERROR(MakeExtension(id));
    }
    for (const PipelineConfig& pipeline : config_.pipelines) {
      for (const std::string& id : pipeline.exporters) SPANDREL_RETURN_IF_ERROR(MakeExporter(id));
    }
    for (const PipelineConfig& pipeline : config_.pipelines) {
      SPANDREL_RETURN_IF_ERROR(MakeProcessors(pipeline));
    }
    for (const PipelineConfig& pipeline : config_.pipelines) {
      for (const std::string& id : pipeline.receivers) SPANDREL_RETURN_IF_ERROR(MakeReceiver(id));
    }
    return {};
  }

 private:
  ComponentContext ContextOf(const std::string& id) { return {id, metrics_, memory_}; }

  base::Status MakeExtension(const std::string& id) {
    const ComponentConfig& component = FindComponent(config_.extensions, id);
    const auto* factory = FindFactory(factories_.extensions, component.type);
    auto made = factory->create(ContextOf(id), component.config);
    if (!made.ok()) return made.status().Annotate("extension " + id);
    parts_->push_back({"extension " + id, std::move(*made)});
    return {};
  }

  base::Status MakeExporter(const std::string& id) {
    if (exporters_.contains(id)) return {};
    const ComponentConfig& component = FindComponent(config_.exporters, id);
    const auto* factory = FindFactory(factories_.exporters, component.type);
    auto made = factory->create(ContextOf(id), component.config);
    if (!made.ok()) return made.status().Annotate("exporter " + id);
    const std::shared_ptr<Exporter> exporter = std::move(*made);
    exporters_[id] = exporter;
    parts_->push_back({"exporter " + id, exporter});
    return {};
  }

  base::Status MakeProcessors(const PipelineConfig& pipeline) {
    std::vector<std::shared_ptr<Consumer>> ends;
    for (const std::string& id : pipeline.exporters) ends.push_back(exporters_.at(id));
    std::shared_ptr<Consumer> next = JoinConsumers(std::move(ends));
    for (auto id = pipeline.processors.rbegin(); id != pipeline.processors.rend(); ++id) {
      const ComponentConfig& component = FindComponent(config_.processors, *id);
      const auto* factory = FindFactory(factories_.processors, component.type);
      const std::string name = fmt::format("processor {} of pipeline {}", *id, pipeline.id);
      auto made = factory->create(ContextOf(*id), component.config, std::move(next));
      if (!made.ok()) return made.status().Annotate(name);
      const std::shared_ptr<Processor> processor = std::move(*made);
      parts_->push_back({name, processor});
      next = processor;
    }
    for (const std::string& id : pipeline.receivers) receiver_ends_[id].push_back(next);
    return {};
  }

  base::Status MakeReceiver(const std::string& id) {
    auto ends = receiver_ends_.extract(id);
    if (ends.empty()) return {};
    const ComponentConfig& component = FindComponent(config_.receivers, id);
    const auto* factory = FindFactory(factories_.receivers, component.type);
    auto made =
        factory->create(ContextOf(id), component.config, JoinConsumers(std::move(ends.mapped())));
    if (!made.ok()) return made.status().Annotate("receiver " + id);
    parts_->push_back({"receiver " + id, std::move(*made)});
    return {};
  }

  const ServiceConfig& config_;
  const Factories& factories_;
  base::MetricRegistry& metrics_;
  base::ByteBudget& memory_;
  std::vector<Part>* parts_ = nullptr;
  std::map<std::string, std::shared_ptr<Exporter>> exporters_;
  // The first consumers of the pipelines that each receiver feeds, until it is made.
  std::map<std::string, std::vector<std::shared_ptr<Consumer>>> receiver_ends_;
};

base::Result<std::unique_ptr<Graph>> Graph::Build(const ServiceConfig& config,
                                                  const Factories& factories,
                                                  base::MetricRegistry& metrics,
                                                  base::ByteBudget& memory) {
  std::unique_ptr<Graph> graph(new Graph());
  SPANDREL_RETURN_IF_ERROR(Builder(config, factories, metrics, memory).Build(&graph->parts_));
  return graph;
}

Graph::~Graph() {
  Shutdown(std::chrono::steady_clock::now());
  // First the stages that hold others.
  while (!parts_.empty()) parts_.pop_back();
}

base::Status Graph::Start() {
  while (started_ < parts_.size()) {
    const Part& part = parts_[started_];
    if (const base::Status status = part.component->Start(); !status.ok()) {
      Shutdown(std::chrono::steady_clock::now());
      return status.Annotate(part.name);
    }
    base::LogDebug("{} started", part.name);
    ++started_;
  }
  return {};
}

void Graph::Shutdown(std::chrono::steady_clock::time_point deadline) {
  while (started_ > 0) {
    const Part& part = parts_[--started_];
    part.component->Shutdown(deadline);
    base::LogDebug("{} stopped", part.name);
  }
}

}  // namespace spandrel::pipeline
