// SPDX-License-Identifier: Apache-2.0
#include "pipeline/queue_options.h"

namespace spandrel::pipeline {
namespace {

using std::chrono::nanoseconds;

void RequirePositive(config::Decoder& decoder, std::string_view key, int64_t value) {
  if (value <= 0) decoder.Error(key, "must be greater than 0");
}

void RequireNotNegative(config::Decoder& decoder, std::string_view key, nanoseconds value) {
  if (value < nanoseconds(0)) decoder.Error(key, "must not be negative");
}

void DecodeSizer(config::Decoder& decoder, QueueSizer* sizer) {
  std::string word = "requests";
  decoder.Read("sizer", &word);
  if (word == "requests") {
    *sizer = QueueSizer::kRequests;
  } else if (word == "items") {
    *sizer = QueueSizer::kItems;
  } else if (word == "bytes") {
    *sizer = QueueSizer::kBytes;
  } else {
    decoder.Error("sizer", "must be requests, items or bytes");
  }
}

void DecodeQueue(config::Decoder decoder, QueueOptions* options) {
  decoder.Read("enabled", &options->enabled);
  decoder.Read("num_consumers", &options->num_consumers);
  decoder.Read("queue_size", &options->queue_size);
  DecodeSizer(decoder, &options->sizer);
  decoder.Read("block_on_overflow", &options->block_on_overflow);
  decoder.Read("wait_for_result", &options->wait_for_result);
  if (decoder.Has("blocking")) {
    decoder.Read("blocking", &options->block_on_overflow);
    decoder.Warn("blocking", "renamed upstream; write block_on_overflow");
  }
  std::string storage;
  decoder.Read("storage", &storage);
  if (!storage.empty()) {
    decoder.Error("storage", "known setting, not supported by Spandrel: the queue is in memory");
  }
  if (decoder.Has("batch")) {
    decoder.Ignore("batch");
    decoder.Error("batch",
                  "known setting, not supported by Spandrel: put the batch processor into the "
                  "pipeline");
  }
  if (!options->enabled) return;
  RequirePositive(decoder, "num_consumers", options->num_consumers);
  RequirePositive(decoder, "queue_size", options->queue_size);
}

void DecodeRetry(config::Decoder decoder, RetryOptions* options) {
  decoder.Read("enabled", &options->enabled);
  decoder.Read("initial_interval", &options->initial_interval);
  decoder.Read("multiplier", &options->multiplier);
  decoder.Read("randomization_factor", &options->randomization_factor);
  decoder.Read("max_interval", &options->max_interval);
  decoder.Read("max_elapsed_time", &options->max_elapsed_time);
  if (!options->enabled) return;
  RequireNotNegative(decoder, "initial_interval", options->initial_interval);
  RequireNotNegative(decoder, "max_interval", options->max_interval);
  RequireNotNegative(decoder, "max_elapsed_time", options->max_elapsed_time);
  if (!(options->multiplier >= 0)) decoder.Error("multiplier", "must not be negative");
  if (!(options->randomization_factor >= 0 && options->randomization_factor <= 1)) {
    decoder.Error("randomization_factor", "must be from 0 to 1");
  }
  if (options->max_elapsed_time > nanoseconds(0) &&
      options->max_elapsed_time < options->initial_interval) {
    decoder.Error("max_elapsed_time", "must not be less than initial_interval");
  }
}

}  // namespace

void DecodeQueueRetry(config::Decoder& decoder, QueueRetryOptions* options) {
  decoder.Read("timeout", &options->timeout);
  RequireNotNegative(decoder, "timeout", options->timeout);
  DecodeQueue(decoder.Child("sending_queue"), &options->queue);
  DecodeRetry(decoder.Child("retry_on_failure"), &options->retry);
}

}  // namespace spandrel::pipeline
