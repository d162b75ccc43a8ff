// SPDX-License-Identifier: Apache-2.0
#include "exporters/jaeger/config.h"

#include <utility>

namespace spandrel::exporters {

std::shared_ptr<const JaegerExporterConfig> DecodeJaegerExporterConfig(config::Decoder& decoder) {
  auto config = std::make_shared<JaegerExporterConfig>();
  endpoints::GrpcClientConfig client = endpoints::DecodeGrpcClient(decoder, "none");
  config->channel = std::move(client.channel);
  config->authenticator = std::move(client.authenticator);
  if (decoder.Has("insecure")) {
    decoder.Read("insecure", &config->channel.tls.insecure);
    decoder.Warn("insecure", "deprecated; write 'tls: {insecure: ...}'");
  }
  pipeline::DecodeQueueRetry(decoder, &config->sending);
  return config;
}

}  // namespace spandrel::exporters
