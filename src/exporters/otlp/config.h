// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/decode.h"
#include "endpoints/client.h"
#include "exporters/login.h"
#include "pipeline/component.h"
#include "pipeline/queue.h"
#include "signal/signal.h"

namespace spandrel::exporters {

struct OtlpGrpcExporterConfig : pipeline::ConfigBase {
  net::GrpcChannelOptions channel;  // gzip unless `compression` says otherwise
  config::Reference authenticator;
  pipeline::QueueRetryOptions sending;

  std::vector<pipeline::ExtensionUse> extension_uses() const override {
    return LoginUses(authenticator);
  }
};

// Where requests of one signal go.
struct OtlpHttpTarget {
  endpoints::HttpClientConfig client;  // gzip unless `compression` says otherwise
  std::string path;  // of `traces_endpoint`, or of `endpoint` with /v1/traces behind it
};

struct OtlpHttpExporterConfig : pipeline::ConfigBase {
  std::array<std::optional<OtlpHttpTarget>, 3> targets;  // by signal
  bool json = false;                                     // `encoding: json`
  config::Reference authenticator;
  pipeline::QueueRetryOptions sending;  // timeout 30s

  std::vector<pipeline::ExtensionUse> extension_uses() const override {
    return LoginUses(authenticator);
  }

  // Null when neither `endpoint` nor the signal's own is written.
  const OtlpHttpTarget* target(signal::Signal signal) const {
    const auto& target = targets[static_cast<size_t>(signal)];
    return target ? &*target : nullptr;
  }
};

std::shared_ptr<const OtlpGrpcExporterConfig> DecodeOtlpGrpcExporterConfig(
    config::Decoder& decoder);
std::shared_ptr<const OtlpHttpExporterConfig> DecodeOtlpHttpExporterConfig(
    config::Decoder& decoder);

}  // namespace spandrel::exporters
