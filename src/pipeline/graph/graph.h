// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "pipeline/component.h"
#include "pipeline/service_config.h"

namespace spandrel::pipeline {

// The components that a configuration runs, connected. Each exporter id is one exporter for all
// pipelines; a processor is one for each pipeline; each receiver id is one receiver that hands what
// it gets to all pipelines that name it. What no pipeline names is not made. Owns the components;
// one thread starts and stops it.
class Graph {
 public:
  // Makes everything, last stage first, and starts nothing: the rest of what `validate` checks.
  // `metrics` and `memory` outlive the graph.
  static base::Result<std::unique_ptr<Graph>> Build(const ServiceConfig& config,
                                                    const Factories& factories,
                                                    base::MetricRegistry& metrics,
                                                    base::ByteBudget& memory);
  // Shuts down at once what still runs.
  ~Graph();

  // Starts extensions, exporters, processors, and receivers last. When one fails, those that were
  // started are shut down, and the error names it.
  base::Status Start();

  // Shuts down what was started in the reverse order, so that what is under way still finds the
  // next stage. A second call does nothing.
  void Shutdown(std::chrono::steady_clock::time_point deadline);

 private:
  // A component in the order of the start.
  struct Part {
    std::string name;  // "exporter jaeger"
    std::shared_ptr<Component> component;
  };
  class Builder;

  Graph() = default;

  std::vector<Part> parts_;
  size_t started_ = 0;  // of parts_
};

}  // namespace spandrel::pipeline
