// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/decode.h"
#include "pipeline/component.h"

namespace spandrel::exporters {

// When a batch counts as stored.
enum class Durability : uint8_t {
  kFsync,   // it survives a power cut
  kOs,      // it survives the end of the process
  kMemory,  // it is in memory
};

// Which traces stay when the hot window is over: those that any of the fields asks for.
struct PolicyConfig {
  // A span of the trace or its resource has this attribute, as text.
  struct Match {
    std::string key;
    std::string value;
  };

  std::chrono::nanoseconds keep_whole_for{0};  // the hot window; 0: all traces stay
  bool keep_errors = false;
  std::chrono::nanoseconds keep_slower_than{0};  // 0: for no such reason
  std::vector<Match> keep_matching;
  uint32_t keep_per_shape_and_hour = 0;
  uint16_t keep_one_in = 1;  // of the rest
};

// What the store may drop, the oldest first.
struct RetentionConfig {
  std::chrono::nanoseconds max_age{0};  // 0: no limit
  uint64_t max_bytes = 0;               // 0: no limit
  // 0: nothing is dropped for the disk's sake; unset: the store's default.
  std::optional<uint64_t> min_free_bytes;
  PolicyConfig policy;
};

struct StoreExporterConfig : pipeline::ConfigBase {
  std::string directory = "./spandrel-data";
  Durability durability = Durability::kFsync;
  RetentionConfig retention;
};

std::shared_ptr<const StoreExporterConfig> DecodeStoreExporterConfig(config::Decoder& decoder);

}  // namespace spandrel::exporters
