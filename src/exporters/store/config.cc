// SPDX-License-Identifier: Apache-2.0
#include "exporters/store/config.h"

#include <fmt/core.h>

namespace spandrel::exporters {
namespace {

constexpr std::chrono::minutes kShortestAge{1};
constexpr uint64_t kUnset = UINT64_MAX;

RetentionConfig DecodeRetention(config::Decoder decoder) {
  RetentionConfig retention;
  decoder.Read("max_age", &retention.max_age);
  if (retention.max_age.count() != 0 && retention.max_age < kShortestAge) {
    decoder.Error("max_age", "'max_age' is shorter than a minute; 0 is no limit");
  }
  config::ByteSize max_bytes;
  decoder.Read("max_bytes", &max_bytes);
  retention.max_bytes = max_bytes.bytes;
  config::ByteSize min_free_bytes{kUnset};
  decoder.Read("min_free_bytes", &min_free_bytes);
  if (min_free_bytes.bytes != kUnset) retention.min_free_bytes = min_free_bytes.bytes;
  return retention;
}

}  // namespace

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
  config->retention = DecodeRetention(decoder.Child("retention"));
  return config;
}

}  // namespace spandrel::exporters
