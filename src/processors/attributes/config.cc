// SPDX-License-Identifier: Apache-2.0
#include "processors/attributes/config.h"

namespace spandrel::processors {

std::shared_ptr<const AttributesConfig> DecodeAttributesConfig(config::Decoder& decoder) {
  auto config = std::make_shared<AttributesConfig>();
  config->actions = DecodeActions(decoder, "actions");
  config->filter = DecodeRecordFilter(decoder);
  return config;
}

}  // namespace spandrel::processors
