// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pipeline/factories.h"
#include "pipeline/service.h"

namespace spandrel::pipeline {

// One pipeline hands to another by way of a connector.
struct PipelineEdge {
  std::string connector;
  size_t from = 0;  // index into the pipelines
  size_t to = 0;
};

// Which pipelines feed which: every connector that is among the exporters of one and the receivers
// of another, and stands between their signals.
std::vector<PipelineEdge> ConnectPipelines(const std::vector<PipelineConfig>& pipelines,
                                           const std::vector<ComponentConfig>& connectors,
                                           const std::vector<ConnectorFactory>& factories);

struct PipelineOrder {
  // Indices of all pipelines, each after those that it feeds. Not complete when there is a cycle.
  std::vector<size_t> order;
  // The edges of one cycle, in its direction; empty when there is none.
  std::vector<PipelineEdge> cycle;
};
// A pure function; does not recurse.
PipelineOrder OrderPipelines(size_t pipelines, const std::vector<PipelineEdge>& edges);

}  // namespace spandrel::pipeline
