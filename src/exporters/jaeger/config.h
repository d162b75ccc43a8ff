// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "config/decode.h"
#include "endpoints/client.h"
#include "pipeline/component.h"
#include "pipeline/queue.h"

namespace spandrel::exporters {

// The keys that the OpenTelemetry Collector's jaeger exporter had until it was removed.
struct JaegerExporterConfig : pipeline::ConfigBase {
  net::GrpcChannelOptions channel;  // no compression unless `compression` says so
  pipeline::QueueRetryOptions sending;
};

std::shared_ptr<const JaegerExporterConfig> DecodeJaegerExporterConfig(config::Decoder& decoder);

}  // namespace spandrel::exporters
