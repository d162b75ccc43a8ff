// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/log.h"
#include "config/decode.h"

namespace spandrel::pipeline {

// `service::telemetry`: what the process tells about itself.
struct TelemetryConfig {
  base::LogLevel log_level = base::LogLevel::kInfo;
  // Where Prometheus finds the process's own metrics; empty when they are not served.
  std::string metrics_endpoint = "localhost:8888";
};

// Reads the whole block. What upstream has and Spandrel lacks is accepted with a warning.
TelemetryConfig DecodeTelemetry(config::Decoder decoder);

}  // namespace spandrel::pipeline
