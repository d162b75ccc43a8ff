// SPDX-License-Identifier: Apache-2.0
#include "exporters/store/config.h"

#include <fmt/core.h>

namespace spandrel::exporters {

std::shared_ptr<const StoreExporterConfig> DecodeStoreExporterConfig(config::Decoder& decoder) {
  auto config = std::make_shared<StoreExporterConfig>();
  decoder.Read("directory", &config->directory);
  if (config->directory.empty()) decoder.Error("directory", "'directory' is empty");
  std::string durability = "fsync";
  decoder.Read("durability", &durability);
  if (durability == "fsync") {
    config->durability = Durability::kFsync;
  } else if (durability == "os") {
    config->durability = Durability::kOs;
  } else if (durability == "memory") {
    config->durability = Durability::kMemory;
  } else {
    decoder.Error("durability", fmt::format("'{}' is not one of fsync, os, memory", durability));
  }
  return config;
}

}  // namespace spandrel::exporters
