// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "config/decode.h"
#include "config/reference.h"
#include "exporters/store/trace_store.h"
#include "pipeline/component.h"

namespace spandrel::exporters {

// Which store: that of an extension, or one of its own.
struct StoreExporterConfig : pipeline::ConfigBase {
  config::Reference store;
  OpenStore own_store;  // empty when `store` names one

  std::vector<pipeline::ExtensionUse> extension_uses() const override;
};

// `store: ID`, or else the options of a store.
std::shared_ptr<const StoreExporterConfig> DecodeStoreExporterConfig(
    config::Decoder& decoder, const DecodeStore& decode_store);

// The extension that `store: ID` names; none without the key.
config::Reference ReadStoreName(config::Decoder& decoder);

}  // namespace spandrel::exporters
