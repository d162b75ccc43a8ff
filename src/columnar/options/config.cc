// SPDX-License-Identifier: Apache-2.0
#include "columnar/options/config.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spandrel::columnar {
namespace {

using std::chrono::duration_cast;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::chrono::minutes kShortestAge{1};
constexpr std::chrono::milliseconds kShortestLogWait{10};
constexpr size_t kMaxMatches = 32;
constexpr uint32_t kMaxExamples = 1000;
constexpr size_t kMostTenants = 1'000'000;
constexpr uint64_t kUnset = UINT64_MAX;

// A number from `least` to `most`; anything else is reported.
template <typename Number>
void ReadNumber(config::Decoder& decoder, std::string_view key, Number least, Number most,
                Number* number) {
  auto value = static_cast<int64_t>(*number);
  decoder.Read(key, &value);
  if (value < static_cast<int64_t>(least) || value > static_cast<int64_t>(most)) {
    decoder.Error(key, fmt::format("'{}' is not from {} to {}", key, least, most));
    return;
  }
  *number = static_cast<Number>(value);
}

void DecodeMatches(config::Decoder& decoder, std::vector<PolicyOptions::Match>* matches) {
  for (config::Decoder& wanted : decoder.Children("keep_matching")) {
    PolicyOptions::Match match;
    wanted.Read("key", &match.key);
    wanted.Read("value", &match.value);
    if (match.key.empty()) wanted.Error("key", "'key' is empty");
    matches->push_back(std::move(match));
  }
  if (matches->size() > kMaxMatches) {
    decoder.Error("keep_matching", fmt::format("more than {} attributes", kMaxMatches));
  }
}

void DecodeThen(config::Decoder decoder, PolicyOptions* policy) {
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

void DecodePolicy(config::Decoder& retention, nanoseconds max_age, PolicyOptions* policy) {
  nanoseconds hot{0};
  retention.Read("keep_whole_for", &hot);
  policy->keep_whole_for = duration_cast<seconds>(hot);
  if (hot.count() == 0) {
    if (retention.Has("then")) retention.Error("then", "'then' needs 'keep_whole_for'");
  } else if (!retention.Has("then")) {
    return retention.Error("keep_whole_for",
                           "'keep_whole_for' needs 'then', which says what stays");
  } else if (hot < kShortestAge) {
    retention.Error("keep_whole_for", "'keep_whole_for' is shorter than a minute");
  } else if (max_age.count() != 0 && hot >= max_age) {
    retention.Error("keep_whole_for", "'keep_whole_for' is not shorter than 'max_age'");
  }
  if (retention.Has("then")) DecodeThen(retention.Child("then"), policy);
}

void DecodeRetention(config::Decoder decoder, EngineOptions* options) {
  nanoseconds max_age{0};
  decoder.Read("max_age", &max_age);
  if (max_age.count() != 0 && max_age < kShortestAge) {
    decoder.Error("max_age", "'max_age' is shorter than a minute; 0 is no limit");
  }
  options->max_age = duration_cast<seconds>(max_age);
  config::ByteSize max_bytes;
  decoder.Read("max_bytes", &max_bytes);
  options->max_bytes = max_bytes.bytes;
  config::ByteSize min_free_bytes{kUnset};
  decoder.Read("min_free_bytes", &min_free_bytes);
  if (min_free_bytes.bytes != kUnset) options->min_free_bytes = min_free_bytes.bytes;
  DecodePolicy(decoder, max_age, &options->policy);
}

void DecodeDurability(config::Decoder& decoder, Durability* durability) {
  std::string name(DurabilityName(*durability));
  decoder.Read("durability", &name);
  for (const Durability known : {Durability::kFsync, Durability::kOs, Durability::kMemory}) {
    if (name != DurabilityName(known)) continue;
    *durability = known;
    return;
  }
  decoder.Error("durability", fmt::format("'{}' is not one of fsync, os, memory", name));
}

void DecodeMaxLogWait(config::Decoder& decoder, std::chrono::milliseconds* wait) {
  nanoseconds read = *wait;
  decoder.Read("max_log_wait", &read);
  if (read < kShortestLogWait) decoder.Error("max_log_wait", "'max_log_wait' is shorter than 10ms");
  *wait = duration_cast<std::chrono::milliseconds>(read);
}

}  // namespace

EngineOptions DecodeOptions(config::Decoder& decoder) {
  EngineOptions options;
  options.create_directory = true;
  options.directory = kDefaultDirectory;
  decoder.Read("directory", &options.directory);
  if (options.directory.empty()) decoder.Error("directory", "'directory' is empty");
  DecodeDurability(decoder, &options.durability);
  DecodeRetention(decoder.Child("retention"), &options);
  config::ByteSize scrub{options.scrub_bytes_per_second};
  decoder.Read("scrub_bytes_per_second", &scrub);
  options.scrub_bytes_per_second = scrub.bytes;
  DecodeMaxLogWait(decoder, &options.max_log_wait);
  decoder.Read("tenants", &options.tenants);
  ReadNumber(decoder, "max_tenants", size_t{1}, kMostTenants, &options.max_tenants);
  return options;
}

}  // namespace spandrel::columnar
