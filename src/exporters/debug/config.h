// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "config/decode.h"
#include "pipeline/component.h"

namespace spandrel::exporters {

enum class Verbosity : uint8_t {
  kBasic,     // a line a batch
  kNormal,    // and a line a span
  kDetailed,  // and its resource, scope, attributes, events and links
};

struct DebugExporterConfig : pipeline::ConfigBase {
  Verbosity verbosity = Verbosity::kBasic;
  bool use_internal_logger = true;  // the process's log; else plain lines on standard output
};

std::shared_ptr<const DebugExporterConfig> DecodeDebugExporterConfig(config::Decoder& decoder);

}  // namespace spandrel::exporters
