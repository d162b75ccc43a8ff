// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/decode.h"
#include "pipeline/service_config.h"
#include "server/options.h"

namespace spandrel::server {

struct Configuration {
  config::Problems problems;  // warnings too
  pipeline::LoadResult loaded;

  bool ok() const { return loaded.ok(); }
};

// Reads and checks what the command line names: its --config sources, or the built-in all-in-one,
// with its --set items on top.
Configuration LoadConfiguration(const Options& options, const pipeline::Factories& factories);

}  // namespace spandrel::server
