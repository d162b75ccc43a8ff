// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "config/decode.h"
#include "pipeline/component.h"
#include "processors/actions/attribute_actions.h"
#include "processors/matching/record_filter.h"

namespace spandrel::processors {

struct AttributesConfig : pipeline::ConfigBase {
  std::vector<AttributeAction> actions;
  RecordFilter filter;  // `include` and `exclude` in the file
};

std::shared_ptr<const AttributesConfig> DecodeAttributesConfig(config::Decoder& decoder);

}  // namespace spandrel::processors
