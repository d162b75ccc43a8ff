// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "config/decode.h"
#include "endpoints/client.h"
#include "pipeline/component.h"
#include "pipeline/queue.h"

namespace spandrel::exporters {

struct OtlpGrpcExporterConfig : pipeline::ConfigBase {
  net::GrpcChannelOptions channel;  // gzip unless `compression` says otherwise
  pipeline::QueueRetryOptions sending;
};

struct OtlpHttpExporterConfig : pipeline::ConfigBase {
  endpoints::HttpClientConfig client;  // gzip unless `compression` says otherwise
  std::string path;   // of `traces_endpoint`, or of `endpoint` with /v1/traces behind it
  bool json = false;  // `encoding: json`
  pipeline::QueueRetryOptions sending;  // timeout 30s
};

std::shared_ptr<const OtlpGrpcExporterConfig> DecodeOtlpGrpcExporterConfig(
    config::Decoder& decoder);
std::shared_ptr<const OtlpHttpExporterConfig> DecodeOtlpHttpExporterConfig(
    config::Decoder& decoder);

}  // namespace spandrel::exporters
