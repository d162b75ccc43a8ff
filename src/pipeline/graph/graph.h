// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "pipeline/extensions.h"
#include "pipeline/factories.h"
#include "pipeline/graph/node.h"
#include "pipeline/service.h"

namespace spandrel::pipeline {

// The components that a configuration runs, connected: see Plan for which there are. Owns the
// components; one thread builds, starts, reloads and stops it.
class Graph {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // Makes everything, last stage first, and starts nothing. `factories`, `metrics`, `memory` and
  // `health`, which may be null, outlive the graph.
  static base::Result<std::unique_ptr<Graph>> Build(const ServiceConfig& config,
                                                    const Factories& factories,
                                                    base::MetricRegistry& metrics,
                                                    base::ByteBudget& memory,
                                                    base::HealthBoard* health = nullptr);
  // Shuts down at once what still runs.
  ~Graph();

  // Starts extensions, exporters, connectors and processors, and receivers last. When one fails,
  // those that were started are shut down, and the error names it.
  base::Status Start();

  // Brings the running graph to another configuration by difference. A node whose identity did not
  // change (PlannedNode::identity) goes on with its connections, queues and what it holds;
  // receivers go on listening and are pointed at their new stages without a request being refused.
  // What is new is made and started first; what is gone or changed is shut down last, after what
  // was under way to it has arrived, and finishes until `deadline`. Only a receiver or extension
  // that listens and changed itself is stopped before its successor starts.
  //
  // When something cannot be made or started, everything is as it was, and the error names it.
  struct Changes {
    size_t kept = 0;
    size_t added = 0;
    size_t removed = 0;  // a changed node is added and removed
  };
  base::Result<Changes> Reload(const ServiceConfig& config, TimePoint deadline);

  // Shuts down what was started in the reverse order, so that what is under way still finds the
  // next stage. A second call does nothing.
  void Shutdown(TimePoint deadline);

 private:
  Graph(const Factories& factories, base::MetricRegistry& metrics, base::ByteBudget& memory,
        base::HealthBoard* health)
      : context_{factories, metrics, memory, health, extensions_} {}

  base::Result<std::vector<NodePtr>> Build(const Plan& plan);
  void NameExtensions(const std::vector<NodePtr>& nodes);
  // Starts those; on failure shuts down again what it started.
  static base::Status StartAll(const std::vector<NodePtr>& nodes);
  // Shuts those down in the reverse of their order.
  static void StopAll(const std::vector<NodePtr>& nodes, TimePoint deadline);
  base::Status ReplaceListeners(const std::vector<NodePtr>& old_listeners,
                                const std::vector<NodePtr>& new_listeners, TimePoint deadline);

  Extensions extensions_;
  const BuildContext context_;
  std::vector<NodePtr> nodes_;  // in the order of the start
  size_t started_ = 0;          // of nodes_
};

}  // namespace spandrel::pipeline
