// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/factories.h"
#include "pipeline/service.h"
#include "pipeline/upstream_components.h"
#include "signal/signal.h"

namespace spandrel::pipeline {

// The beginning of something that a node hands batches to: the nodes that get each batch.
struct Feed {
  std::string pipeline;  // that begins there; empty within a pipeline
  signal::Signal signal = signal::Signal::kTraces;
  std::vector<size_t> nodes;  // indices into Plan::nodes, all smaller than the node's own
};

// A component to be made.
struct PlannedNode {
  ComponentKind kind = ComponentKind::kExporter;
  std::string id;
  std::string pipeline;                        // of a processor
  std::optional<signal::Signal> signal;        // none for receivers and extensions
  std::optional<signal::Signal> to;            // of a connector
  const ComponentConfig* component = nullptr;  // in the ServiceConfig of the plan
  std::vector<Feed> feeds;
  // What tells whether a running node can go on as it is: a hash of the kind, the id, the signals,
  // the effective configuration, the identities of the extensions that it uses, and, but for
  // receivers, which are pointed elsewhere, of all that it feeds.
  uint64_t identity = 0;

  // Whether it would listen, so that only one of it can run at a time.
  bool listens() const { return !component->config->listens().empty(); }
  // "exporter jaeger", "processor batch of pipeline traces", "exporter otlp for logs".
  std::string Label() const;
};

// What a configuration runs, in the order of the start: extensions, each after those that it uses,
// exporters, then pipelines from their ends, each connector after the pipelines that it feeds,
// receivers last. Each exporter is one node for each signal, a processor one for each pipeline, a
// connector one for each pair of signals, a receiver one for all. What no pipeline names is not
// there.
struct Plan {
  std::vector<PlannedNode> nodes;
};

// `config` has passed all checks and outlives the plan. A pure function; does not recurse.
Plan MakePlan(const ServiceConfig& config, const Factories& factories);

}  // namespace spandrel::pipeline
