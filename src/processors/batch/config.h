// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/decode.h"
#include "pipeline/component.h"

namespace spandrel::processors {

// An item is a span, a data point or a log record.
struct BatchOptions {
  int64_t send_batch_size = 8192;   // items that send a batch at once; 0: each one
  int64_t send_batch_max_size = 0;  // items that a batch has at most; 0: no limit
  std::chrono::nanoseconds timeout = std::chrono::milliseconds(200);  // 0: never wait
  // OTLP bytes that a batch has at most, so that a peer with gRPC's usual limit of 4 MiB takes it;
  // 0: no limit. Ours; the OpenTelemetry Collector counts items only.
  int64_t send_batch_max_bytes = 3584 << 10;
  // Names of request metadata, in lower case: batches with other values are not merged.
  std::vector<std::string> metadata_keys;
  // Different origins that wait at a time; more are refused for now; 0: no limit.
  int64_t metadata_cardinality_limit = 1000;
};

struct BatchConfig : pipeline::ConfigBase {
  BatchOptions options;
};

std::shared_ptr<const BatchConfig> DecodeBatchConfig(config::Decoder& decoder);

}  // namespace spandrel::processors
