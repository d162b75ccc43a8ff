// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/config.h"

#include <fmt/core.h>

#include <string>
#include <vector>

namespace spandrel::processors {
namespace {

void ReadCount(config::Decoder& decoder, std::string_view key, int64_t* value) {
  decoder.Read(key, value);
  if (*value < 0) decoder.Error(key, fmt::format("{} is negative", *value));
}

}  // namespace

std::shared_ptr<const BatchConfig> DecodeBatchConfig(config::Decoder& decoder) {
  auto config = std::make_shared<BatchConfig>();
  BatchOptions& options = config->options;
  ReadCount(decoder, "send_batch_size", &options.send_batch_size);
  ReadCount(decoder, "send_batch_max_size", &options.send_batch_max_size);
  ReadCount(decoder, "send_batch_max_bytes", &options.send_batch_max_bytes);
  decoder.Read("timeout", &options.timeout);
  if (options.timeout.count() < 0) decoder.Error("timeout", "a timeout is not negative");
  if (options.send_batch_max_size > 0 && options.send_batch_max_size < options.send_batch_size) {
    decoder.Error("send_batch_max_size",
                  fmt::format("{} is less than send_batch_size, {}", options.send_batch_max_size,
                              options.send_batch_size));
  }
  std::vector<std::string> metadata_keys;
  decoder.Read("metadata_keys", &metadata_keys);
  if (!metadata_keys.empty()) {
    decoder.Error("metadata_keys", "batching by request metadata is not supported; leave it empty");
  }
  decoder.Ignore("metadata_cardinality_limit");
  return config;
}

}  // namespace spandrel::processors
