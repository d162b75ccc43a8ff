// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
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

// What the store may drop, the oldest first.
struct RetentionConfig {
  std::chrono::nanoseconds max_age{0};  // 0: no limit
  uint64_t max_bytes = 0;               // 0: no limit
  // 0: nothing is dropped for the disk's sake; unset: the store's default.
  std::optional<uint64_t> min_free_bytes;
};

struct StoreExporterConfig : pipeline::ConfigBase {
  std::string directory = "./spandrel-data";
  Durability durability = Durability::kFsync;
  RetentionConfig retention;
};

std::shared_ptr<const StoreExporterConfig> DecodeStoreExporterConfig(config::Decoder& decoder);

}  // namespace spandrel::exporters
