// SPDX-License-Identifier: Apache-2.0
#include "exporters/jaeger/config.h"

namespace spandrel::exporters {

std::shared_ptr<const JaegerExporterConfig> DecodeJaegerExporterConfig(config::Decoder& decoder) {
  auto config = std::make_shared<JaegerExporterConfig>();
  config->channel = endpoints::DecodeGrpcClient(decoder, "none");
  if (decoder.Has("insecure")) {
    decoder.Read("insecure", &config->channel.tls.insecure);
    decoder.Warn("insecure", "deprecated; write 'tls: {insecure: ...}'");
  }
  pipeline::DecodeQueueRetry(decoder, &config->sending);
  return config;
}

}  // namespace spandrel::exporters
