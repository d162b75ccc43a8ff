// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/decode.h"
#include "config/document.h"
#include "config/load.h"
#include "pipeline/component.h"
#include "pipeline/telemetry_config.h"

namespace spandrel::pipeline {

// A component as it is defined, whether a pipeline uses it or not.
struct ComponentConfig {
  std::string id;    // "otlp/2"
  std::string type;  // as written: "otlp", perhaps an alias
  std::shared_ptr<const ConfigBase> config;
};

// A pipeline of traces: ids of components that are defined, each list without duplicates.
struct PipelineConfig {
  std::string id;  // "traces/2"
  std::vector<std::string> receivers;
  std::vector<std::string> processors;
  std::vector<std::string> exporters;
};

// A whole configuration that has passed all checks short of making the components.
struct ServiceConfig {
  std::vector<ComponentConfig> receivers;
  std::vector<ComponentConfig> processors;
  std::vector<ComponentConfig> exporters;
  std::vector<ComponentConfig> extensions;
  std::vector<std::string> service_extensions;  // ids of those that run
  std::vector<PipelineConfig> pipelines;
  TelemetryConfig telemetry;
  config::Document document;  // what it was read from: merged and expanded
};
using LoadResult = base::Result<ServiceConfig>;

// Checks a document against what `factories` can make and decodes every component. All problems are
// reported, in the order of the files; an error status when one is not a warning.
LoadResult ReadServiceConfig(config::Document document, const Factories& factories,
                             config::Problems* problems);

// Loads the sources (config::Load), then reads them as above.
LoadResult Load(const std::vector<config::Source>& sources, const std::vector<std::string>& sets,
                const Factories& factories, config::Problems* problems);
LoadResult Load(const std::vector<std::string>& config_uris, const std::vector<std::string>& sets,
                const Factories& factories, config::Problems* problems);

// The factory of that type or alias; null when there is none.
template <typename Factory>
const Factory* FindFactory(const std::vector<Factory>& factories, std::string_view type) {
  for (const Factory& factory : factories) {
    if (factory.info.type == type) return &factory;
    for (const std::string& alias : factory.info.aliases) {
      if (alias == type) return &factory;
    }
  }
  return nullptr;
}

}  // namespace spandrel::pipeline
