// SPDX-License-Identifier: Apache-2.0
#include "pipeline/graph/pipeline_order.h"

#include <algorithm>
#include <cstdint>

namespace spandrel::pipeline {
namespace {

bool Contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A depth-first walk with a path of its own.
class Walk {
 public:
  Walk(size_t pipelines, const std::vector<PipelineEdge>& edges)
      : edges_of_(pipelines), state_(pipelines, State::kNew) {
    for (const PipelineEdge& edge : edges) edges_of_[edge.from].push_back(&edge);
  }

  PipelineOrder Run() {
    for (size_t pipeline = 0; pipeline < state_.size(); ++pipeline) {
      if (state_[pipeline] != State::kNew) continue;
      Enter(pipeline, nullptr);
      while (!path_.empty()) {
        if (!Advance()) return std::move(result_);
      }
    }
    return std::move(result_);
  }

 private:
  enum class State : uint8_t { kNew, kOnPath, kDone };
  struct Step {
    size_t pipeline;
    const PipelineEdge* taken;  // to come here; null for the first
    size_t next_edge = 0;
  };

  void Enter(size_t pipeline, const PipelineEdge* taken) {
    state_[pipeline] = State::kOnPath;
    path_.push_back({pipeline, taken});
  }

  // False when a cycle was found.
  bool Advance() {
    Step& step = path_.back();
    if (step.next_edge == edges_of_[step.pipeline].size()) {
      state_[step.pipeline] = State::kDone;
      result_.order.push_back(step.pipeline);
      path_.pop_back();
      return true;
    }
    const PipelineEdge& edge = *edges_of_[step.pipeline][step.next_edge++];
    if (state_[edge.to] == State::kOnPath) {
      KeepCycle(edge);
      return false;
    }
    if (state_[edge.to] == State::kNew) Enter(edge.to, &edge);
    return true;
  }

  void KeepCycle(const PipelineEdge& closing) {
    size_t begin = 0;
    while (path_[begin].pipeline != closing.to) ++begin;
    for (size_t i = begin + 1; i < path_.size(); ++i) result_.cycle.push_back(*path_[i].taken);
    result_.cycle.push_back(closing);
  }

  std::vector<std::vector<const PipelineEdge*>> edges_of_;
  std::vector<State> state_;
  std::vector<Step> path_;
  PipelineOrder result_;
};

}  // namespace

std::vector<PipelineEdge> ConnectPipelines(const std::vector<PipelineConfig>& pipelines,
                                           const std::vector<ComponentConfig>& connectors,
                                           const std::vector<ConnectorFactory>& factories) {
  std::vector<PipelineEdge> edges;
  for (size_t from = 0; from < pipelines.size(); ++from) {
    for (const std::string& id : pipelines[from].exporters) {
      const ComponentConfig* connector = FindComponent(connectors, id);
      if (connector == nullptr) continue;
      const ConnectorFactory* factory = FindFactory(factories, connector->type);
      if (factory == nullptr) continue;
      for (size_t to = 0; to < pipelines.size(); ++to) {
        if (!Contains(pipelines[to].receivers, id)) continue;
        if (!factory->create.Serves(pipelines[from].signal, pipelines[to].signal)) continue;
        edges.push_back({id, from, to});
      }
    }
  }
  return edges;
}

PipelineOrder OrderPipelines(size_t pipelines, const std::vector<PipelineEdge>& edges) {
  return Walk(pipelines, edges).Run();
}

}  // namespace spandrel::pipeline
