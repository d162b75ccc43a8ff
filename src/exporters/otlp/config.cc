// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp/config.h"

#include <fmt/core.h>

#include <utility>

#include "wire/otlp/otlp_paths.h"

namespace spandrel::exporters {
namespace {

// `traces_endpoint` and the like are exact URLs; `endpoint` is the base of those that are not
// written. One of them is required; which of the signals are used shows only later.
void ReadTargets(config::Decoder& decoder, OtlpHttpExporterConfig* config) {
  std::array<std::string, 3> keys;
  std::string first = "endpoint";
  const bool has_base = decoder.Has("endpoint");
  for (const signal::Signal signal : signal::kAllSignals) {
    std::string& key = keys[static_cast<size_t>(signal)];
    key = fmt::format("{}_endpoint", signal::SignalName(signal));
    if (decoder.Has(key) && !has_base && first == "endpoint") first = key;
  }
  const endpoints::HttpClientConfig client = endpoints::DecodeHttpClient(decoder, first, "gzip");
  config->authenticator = client.authenticator;
  for (const signal::Signal signal : signal::kAllSignals) {
    const std::string& key = keys[static_cast<size_t>(signal)];
    OtlpHttpTarget target{client, ""};
    if (decoder.Has(key)) {
      if (key != first) endpoints::DecodeHttpUrl(decoder, key, &target.client);
      target.path = target.client.path.empty() ? "/" : target.client.path;
    } else if (first == "endpoint") {
      target.path = client.path + std::string(wire::OtlpHttpPath(signal));
    } else {
      continue;
    }
    config->targets[static_cast<size_t>(signal)] = std::move(target);
  }
  decoder.Ignore("profiles_endpoint", "profiles are not sent");
}

}  // namespace

std::shared_ptr<const OtlpGrpcExporterConfig> DecodeOtlpGrpcExporterConfig(
    config::Decoder& decoder) {
  auto config = std::make_shared<OtlpGrpcExporterConfig>();
  endpoints::GrpcClientConfig client = endpoints::DecodeGrpcClient(decoder, "gzip");
  config->channel = std::move(client.channel);
  config->authenticator = std::move(client.authenticator);
  pipeline::DecodeQueueRetry(decoder, &config->sending);
  return config;
}

std::shared_ptr<const OtlpHttpExporterConfig> DecodeOtlpHttpExporterConfig(
    config::Decoder& decoder) {
  auto config = std::make_shared<OtlpHttpExporterConfig>();
  ReadTargets(decoder, config.get());
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
