// SPDX-License-Identifier: Apache-2.0
#include "server/configuration.h"

#include "config/load.h"
#include "server/builtin_config.h"

namespace spandrel::server {

Configuration LoadConfiguration(const Options& options, const pipeline::Factories& factories) {
  std::vector<config::Source> sources;
  for (const std::string& uri : options.configs) sources.push_back({uri, std::nullopt});
  if (sources.empty()) {
    sources.push_back({std::string(kBuiltinConfigName), std::string(kBuiltinConfig)});
  }
  config::Problems problems;
  auto loaded = pipeline::Load(sources, options.sets, factories, &problems);
  return {std::move(problems), std::move(loaded)};
}

}  // namespace spandrel::server
