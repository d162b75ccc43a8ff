// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/decode.h"
#include "config/document.h"
#include "pipeline/component.h"
#include "pipeline/telemetry_config.h"
#include "signal/signal.h"

namespace spandrel::pipeline {

// A component as it is defined, whether a pipeline uses it or not.
struct ComponentConfig {
  std::string id;    // "otlp/2"
  std::string type;  // as written: "otlp", perhaps an alias
  std::shared_ptr<const ConfigBase> config;
  config::Location where;       // of its id
  uint64_t effective_hash = 0;  // of its block after merging and expansion
};

// A pipeline: ids of components that are defined and serve its signal, each list without
// duplicates. A connector stands among the receivers or the exporters.
struct PipelineConfig {
  std::string id;  // "traces/2"
  signal::Signal signal = signal::Signal::kTraces;
  std::vector<std::string> receivers;
  std::vector<std::string> processors;
  std::vector<std::string> exporters;
};

// A whole configuration that has passed all checks short of making the components.
struct ServiceConfig {
  std::vector<ComponentConfig> receivers;
  std::vector<ComponentConfig> processors;
  std::vector<ComponentConfig> exporters;
  std::vector<ComponentConfig> connectors;
  std::vector<ComponentConfig> extensions;
  std::vector<std::string> service_extensions;  // ids of those that run
  std::vector<PipelineConfig> pipelines;
  TelemetryConfig telemetry;
  config::Document document;  // what it was read from: merged and expanded
};
// The component of that id; null when there is none.
const ComponentConfig* FindComponent(const std::vector<ComponentConfig>& components,
                                     std::string_view id);

}  // namespace spandrel::pipeline
