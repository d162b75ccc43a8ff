// SPDX-License-Identifier: Apache-2.0
#include "processors/resource/config.h"

namespace spandrel::processors {

std::shared_ptr<const ResourceConfig> DecodeResourceConfig(config::Decoder& decoder) {
  auto config = std::make_shared<ResourceConfig>();
  config->actions = DecodeActions(decoder, "attributes");
  return config;
}

}  // namespace spandrel::processors
