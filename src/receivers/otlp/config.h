// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/decode.h"
#include "pipeline/component.h"
#include "receivers/server_config.h"

namespace spandrel::receivers {

struct OtlpReceiverConfig : pipeline::ConfigBase {
  std::optional<GrpcServerConfig> grpc;  // localhost:4317
  std::optional<HttpServerConfig> http;  // localhost:4318
  std::string traces_url_path = "/v1/traces";
};

// `protocols:` with at least one of `grpc:` and `http:`.
std::shared_ptr<const OtlpReceiverConfig> DecodeOtlpReceiverConfig(config::Decoder& decoder);

}  // namespace spandrel::receivers
