// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/decode.h"
#include "endpoints/listener.h"
#include "pipeline/component.h"

namespace spandrel::receivers {

struct OtlpReceiverConfig : pipeline::ConfigBase {
  std::optional<endpoints::GrpcServerConfig> grpc;  // localhost:4317
  std::optional<endpoints::HttpServerConfig> http;  // localhost:4318
  std::string traces_url_path = "/v1/traces";
};

// `protocols:` with at least one of `grpc:` and `http:`.
std::shared_ptr<const OtlpReceiverConfig> DecodeOtlpReceiverConfig(config::Decoder& decoder);

}  // namespace spandrel::receivers
