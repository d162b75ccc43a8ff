// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "config/decode.h"
#include "pipeline/component.h"
#include "pipeline/factories.h"

namespace spandrel::pipeline {

// `service::telemetry`: what the process tells about itself.
struct TelemetryConfig {
  base::LogLevel log_level = base::LogLevel::kInfo;
  // Where Prometheus finds the process's own metrics; empty when they are not served.
  std::string metrics_endpoint = "localhost:8888";
  // What the block of that address says beside it, as Factories::decode_metrics_listener read it;
  // null when there is no block.
  std::shared_ptr<const ConfigBase> metrics_listener;
  uint64_t metrics_hash = 0;  // of the block
};

// Reads the whole block. What upstream has and Spandrel lacks is accepted with a warning.
TelemetryConfig DecodeTelemetry(config::Decoder decoder, const DecodeConfig& metrics_listener);

}  // namespace spandrel::pipeline
