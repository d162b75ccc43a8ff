// SPDX-License-Identifier: Apache-2.0
#include "exporters/store/config.h"

#include <fmt/core.h>

namespace spandrel::exporters {
namespace {

constexpr std::chrono::minutes kShortestAge{1};
constexpr size_t kMaxMatches = 32;
constexpr uint32_t kMaxExamples = 1000;
constexpr uint16_t kMaxKeepOneIn = 10'000;
constexpr uint64_t kUnset = UINT64_MAX;

// A number from `least` to `most`; anything else is reported.
template <typename Number>
void ReadNumber(config::Decoder& decoder, std::string_view key, Number least, Number most,
                Number* number) {
  int64_t value = *number;
  decoder.Read(key, &value);
  if (value < least || value > most) {
    decoder.Error(key, fmt::format("'{}' is not from {} to {}", key, least, most));
    return;
  }
  *number = static_cast<Number>(value);
}

void DecodeMatches(config::Decoder& decoder, std::vector<PolicyConfig::Match>* matches) {
  for (config::Decoder& wanted : decoder.Children("keep_matching")) {
    PolicyConfig::Match match;
    wanted.Read("key", &match.key);
    wanted.Read("value", &match.value);
    if (match.key.empty()) wanted.Error("key", "'key' is empty");
    matches->push_back(std::move(match));
  }
  if (matches->size() > kMaxMatches) {
    decoder.Error("keep_matching", fmt::format("more than {} attributes", kMaxMatches));
  }
}

void DecodeThen(config::Decoder decoder, PolicyConfig* policy) {
  decoder.Read("keep_errors", &policy->keep_errors);
  decoder.Read("keep_slower_than", &policy->keep_slower_than);
  if (policy->keep_slower_than.count() < 0) {
    decoder.Error("keep_slower_than", "'keep_slower_than' is below 0");
  }
  DecodeMatches(decoder, &policy->keep_matching);
  ReadNumber(decoder, "keep_per_shape_and_hour", 0U, kMaxExamples,
             &policy->keep_per_shape_and_hour);
  if (!decoder.Has("keep_one_in")) {
    decoder.Error("", "'keep_one_in' is missing: how many of the rest one kept trace stands for");
  }
  ReadNumber(decoder, "keep_one_in", uint16_t{1}, kMaxKeepOneIn, &policy->keep_one_in);
}

PolicyConfig DecodePolicy(config::Decoder& retention, std::chrono::nanoseconds max_age) {
  PolicyConfig policy;
  retention.Read("keep_whole_for", &policy.keep_whole_for);
  const std::chrono::nanoseconds hot = policy.keep_whole_for;
  if (hot.count() == 0) {
    if (retention.Has("then")) retention.Error("then", "'then' needs 'keep_whole_for'");
  } else if (!retention.Has("then")) {
    retention.Error("keep_whole_for", "'keep_whole_for' needs 'then', which says what stays");
    return policy;
  } else if (hot < kShortestAge) {
    retention.Error("keep_whole_for", "'keep_whole_for' is shorter than a minute");
  } else if (max_age.count() != 0 && hot >= max_age) {
    retention.Error("keep_whole_for", "'keep_whole_for' is not shorter than 'max_age'");
  }
  if (retention.Has("then")) DecodeThen(retention.Child("then"), &policy);
  return policy;
}

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
  retention.policy = DecodePolicy(decoder, retention.max_age);
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
