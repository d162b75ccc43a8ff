// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/decode.h"
#include "endpoints/listener.h"
#include "pipeline/component.h"
#include "receivers/otlp/tenant_rates.h"

namespace spandrel::receivers {

struct OtlpReceiverConfig : pipeline::ConfigBase {
  std::optional<endpoints::GrpcServerConfig> grpc;  // localhost:4317
  std::optional<endpoints::HttpServerConfig> http;  // localhost:4318
  // Of HTTP, by signal: /v1/traces, /v1/metrics, /v1/logs.
  std::array<std::string, 3> url_paths = {"/v1/traces", "/v1/metrics", "/v1/logs"};
  // What the bodies of HTTP may be compressed with, "" for not at all; empty: all that is known.
  std::vector<std::string> codings;
  TenantLimits limits;

  std::vector<pipeline::ListenAddress> listens() const override;
  std::vector<pipeline::ExtensionUse> extension_uses() const override;
};

// `protocols:` with at least one of `grpc:` and `http:`; `tenant_limits`.
std::shared_ptr<const OtlpReceiverConfig> DecodeOtlpReceiverConfig(config::Decoder& decoder);

}  // namespace spandrel::receivers
