// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "config/decode.h"
#include "pipeline/component.h"
#include "processors/actions/attribute_actions.h"

namespace spandrel::processors {

struct ResourceConfig : pipeline::ConfigBase {
  std::vector<AttributeAction> actions;  // `attributes` in the file
};

std::shared_ptr<const ResourceConfig> DecodeResourceConfig(config::Decoder& decoder);

}  // namespace spandrel::processors
