// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "config/decode.h"
#include "endpoints/client.h"
#include "exporters/login.h"
#include "pipeline/component.h"
#include "pipeline/queue.h"

namespace spandrel::exporters {

// The keys that the OpenTelemetry Collector's jaeger exporter had until it was removed.
struct JaegerExporterConfig : pipeline::ConfigBase {
  net::GrpcChannelOptions channel;  // no compression unless `compression` says so
  config::Reference authenticator;
  pipeline::QueueRetryOptions sending;

  std::vector<pipeline::ExtensionUse> extension_uses() const override {
    return LoginUses(authenticator);
  }
};

std::shared_ptr<const JaegerExporterConfig> DecodeJaegerExporterConfig(config::Decoder& decoder);

}  // namespace spandrel::exporters
