// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/decode.h"
#include "pipeline/factories.h"
#include "pipeline/service.h"
#include "pipeline/upstream_components.h"

// What can only be said of a configuration as a whole. Each mistake is one problem, with its place.
namespace spandrel::pipeline {

// A connector in a pipeline's list of receivers or exporters.
struct ConnectorReference {
  size_t pipeline = 0;                            // index into ServiceConfig::pipelines
  ComponentKind list = ComponentKind::kExporter;  // kReceiver or kExporter
  std::string id;
  config::Location where;
  std::string path;  // "service::pipelines::traces::exporters"
};

// A connector may not have the id of a receiver or an exporter.
void CheckConnectorIds(const ServiceConfig& service, config::Problems* problems);

// Every connector that is used ends one pipeline and begins another, turns each signal that it gets
// into one that somebody takes, and the pipelines do not go round.
void CheckConnectors(const ServiceConfig& service, const Factories& factories,
                     const std::vector<ConnectorReference>& references, config::Problems* problems);

// Every extension that a used component names runs, and is what the component wants; extensions do
// not use one another in a circle.
void CheckExtensionUses(const ServiceConfig& service, const Factories& factories,
                        config::Problems* problems);

// No two used components listen on one port of one address.
void CheckAddresses(const ServiceConfig& service, config::Problems* problems);

// No two used components keep one directory to themselves.
void CheckDirectories(const ServiceConfig& service, config::Problems* problems);

}  // namespace spandrel::pipeline
