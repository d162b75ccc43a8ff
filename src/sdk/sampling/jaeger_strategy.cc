// SPDX-License-Identifier: Apache-2.0
#include "sdk/sampling/jaeger_strategy.h"

#include <simdjson.h>

#include <utility>

namespace spandrel::sdk {
namespace {

using simdjson::dom::element;

constexpr size_t kMaxOperations = 2'000;

base::Status Malformed(std::string_view what) {
  return {base::StatusCode::kInvalidArgument,
          "sampling strategy: " + std::string(what) + " is missing or malformed"};
}

bool ReadNumber(element object, const char* key, double& number) {
  return object[key].get(number) == simdjson::SUCCESS && number >= 0;
}

double NumberOr(element object, const char* key, double fallback) {
  double number = 0;
  return ReadNumber(object, key, number) ? number : fallback;
}

// The enum is a number or, as protobuf writes it to JSON, its name.
bool IsRateLimiting(element root) {
  std::string_view name;
  int64_t number = 0;
  if (root["strategyType"].get(name) == simdjson::SUCCESS) return name == "RATE_LIMITING";
  return root["strategyType"].get(number) == simdjson::SUCCESS && number == 1;
}

SampleResult Decision(bool sampled, const char* type, double parameter) {
  if (!sampled) return {};
  return {true, {{"sampler.type", type}, {"sampler.param", parameter}}, nullptr};
}

}  // namespace

JaegerStrategy::Share::Share(double share_ratio, double floor_per_second)
    : ratio(share_ratio), threshold(IdThreshold(share_ratio)), floor(floor_per_second) {}

SampleResult JaegerStrategy::Share::Sample(uint64_t random) {
  if ((random >> 1) < threshold) return Decision(true, "probabilistic", ratio);
  return Decision(floor.Allow(), "lowerbound", ratio);
}

struct JaegerStrategy::Parser {
  JaegerStrategy& strategy;

  base::Status Parse(element root) {
    element operations;
    if (root["operationSampling"].get(operations) == simdjson::SUCCESS && operations.is_object()) {
      return ParseOperations(operations);
    }
    if (IsRateLimiting(root)) {
      double& limit = strategy.traces_per_second_;
      if (!ReadNumber(root["rateLimitingSampling"], "maxTracesPerSecond", limit)) {
        return Malformed("rateLimitingSampling.maxTracesPerSecond");
      }
      strategy.limit_ = std::make_unique<RateLimit>(limit);
      strategy.default_ = nullptr;
      return {};
    }
    double ratio = 0;
    if (!ReadNumber(root["probabilisticSampling"], "samplingRate", ratio)) {
      return Malformed("probabilisticSampling.samplingRate");
    }
    strategy.default_ = std::make_unique<Share>(ratio);
    return {};
  }

 private:
  bool ReadNumber(simdjson::simdjson_result<element> object, const char* key, double& number) {
    element found;
    return object.get(found) == simdjson::SUCCESS && sdk::ReadNumber(found, key, number);
  }

  base::Status ParseOperations(element operations) {
    const double floor = NumberOr(operations, "defaultLowerBoundTracesPerSecond", 0);
    const double ratio = NumberOr(operations, "defaultSamplingProbability", 0);
    strategy.default_ = std::make_unique<Share>(ratio, floor);
    simdjson::dom::array list;
    if (operations["perOperationStrategies"].get(list) != simdjson::SUCCESS) return {};
    for (const element entry : list) {
      std::string_view name;
      double share = 0;
      if (entry["operation"].get(name) != simdjson::SUCCESS ||
          !ReadNumber(entry["probabilisticSampling"], "samplingRate", share)) {
        return Malformed("a member of perOperationStrategies");
      }
      if (strategy.by_operation_.size() == kMaxOperations) break;
      strategy.by_operation_.emplace(name, std::make_unique<Share>(share, floor));
    }
    return {};
  }
};

JaegerStrategy::JaegerStrategy(double ratio) : default_(std::make_unique<Share>(ratio)) {}

base::Result<std::shared_ptr<JaegerStrategy>> JaegerStrategy::FromJson(std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS || !root.is_object()) {
    return Malformed("the JSON object");
  }
  auto strategy = std::make_shared<JaegerStrategy>(0.0);
  if (base::Status status = Parser{*strategy}.Parse(root); !status.ok()) return status;
  return strategy;
}

SampleResult JaegerStrategy::Sample(const SamplingInput& input) {
  if (limit_ != nullptr) return Decision(limit_->Allow(), "ratelimiting", traces_per_second_);
  const auto found = by_operation_.find(input.name);
  Share& share = found != by_operation_.end() ? *found->second : *default_;
  return share.Sample(input.random);
}

}  // namespace spandrel::sdk
