// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp/config.h"

#include <fmt/core.h>

namespace spandrel::exporters {

std::shared_ptr<const OtlpGrpcExporterConfig> DecodeOtlpGrpcExporterConfig(
    config::Decoder& decoder) {
  auto config = std::make_shared<OtlpGrpcExporterConfig>();
  config->channel = endpoints::DecodeGrpcClient(decoder, "gzip");
  pipeline::DecodeQueueRetry(decoder, &config->sending);
  return config;
}

std::shared_ptr<const OtlpHttpExporterConfig> DecodeOtlpHttpExporterConfig(
    config::Decoder& decoder) {
  auto config = std::make_shared<OtlpHttpExporterConfig>();
  const bool exact = decoder.Has("traces_endpoint");
  if (exact) decoder.Ignore("endpoint");
  config->client =
      endpoints::DecodeHttpClient(decoder, exact ? "traces_endpoint" : "endpoint", "gzip");
  config->path = exact ? config->client.path : config->client.path + "/v1/traces";
  if (config->path.empty()) config->path = "/";
  for (const auto* key : {"metrics_endpoint", "logs_endpoint", "profiles_endpoint"}) {
    decoder.Ignore(key, "only traces are sent");
  }
  std::string encoding = "proto";
  decoder.Read("encoding", &encoding);
  config->json = encoding == "json";
  if (encoding != "proto" && encoding != "json") {
    decoder.Error("encoding", fmt::format("'{}' is not one of proto, json", encoding));
  }
  config->sending.timeout = std::chrono::seconds(30);
  pipeline::DecodeQueueRetry(decoder, &config->sending);
  return config;
}

}  // namespace spandrel::exporters
