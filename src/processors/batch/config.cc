// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/config.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

namespace spandrel::processors {
namespace {

void ReadCount(config::Decoder& decoder, std::string_view key, int64_t* value) {
  decoder.Read(key, value);
  if (*value < 0) decoder.Error(key, fmt::format("{} is negative", *value));
}

// Header names do not tell case apart.
void NormalizeKeys(config::Decoder& decoder, std::vector<std::string>* keys) {
  for (std::string& key : *keys) {
    for (char& c : key) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
  }
  std::vector<std::string> sorted = *keys;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    decoder.Error("metadata_keys", fmt::format("'{}' is listed twice", *twice));
  }
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
  decoder.Read("metadata_keys", &options.metadata_keys);
  NormalizeKeys(decoder, &options.metadata_keys);
  ReadCount(decoder, "metadata_cardinality_limit", &options.metadata_cardinality_limit);
  return config;
}

}  // namespace spandrel::processors
