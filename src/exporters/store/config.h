// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "config/decode.h"
#include "pipeline/component.h"

namespace spandrel::exporters {

// When a batch counts as stored.
enum class Durability : uint8_t {
  kFsync,   // it survives a power cut
  kOs,      // it survives the end of the process
  kMemory,  // it is in memory
};

struct StoreExporterConfig : pipeline::ConfigBase {
  std::string directory = "./spandrel-data";
  Durability durability = Durability::kFsync;
};

std::shared_ptr<const StoreExporterConfig> DecodeStoreExporterConfig(config::Decoder& decoder);

}  // namespace spandrel::exporters
