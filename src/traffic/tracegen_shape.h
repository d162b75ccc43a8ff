// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "traffic/traffic_shape.h"

namespace spandrel::traffic {

// What Jaeger's `tracegen` sends with `-services 10 -spans 9 -attrs 11 -attr-keys 97 -attr-values
// 1000`: traces of a root and nine children, each trace in one of 10 services, 11 string attributes
// `attr_NN=val_NN` a span. (tracegen's own root has two fixed attributes; here it has 11 as well.)
// A child starts when the one before it has ended; durations are a fixed wait of 123 us and a
// clock's noise.
//
// kCyclic walks through keys and values as tracegen does: attribute number n of all has key n mod
// 97 and value n mod 1,000, so that one attribute of a span tells all the others. kRandom draws 11
// different keys in any order (71 bits a span) and each value (110 bits a span) at random.
class TracegenShape final : public TrafficShape {
 public:
  enum class Choice : uint8_t { kCyclic, kRandom };
  static constexpr size_t kKeys = 97;
  static constexpr size_t kValues = 1000;

  TracegenShape(uint64_t seed, Timeline timeline, Choice choice);

  const std::vector<std::string>& resources() const override { return resources_; }
  size_t WriteSpan(const std::vector<ExtraAttribute>& extra, std::string* message) override;

 private:
  void StartTrace();
  uint64_t NextDuration();
  void WriteAttributes(std::string* message);

  RandomSource random_;
  Timeline timeline_;
  const Choice choice_;
  std::lognormal_distribution<double> noise_;
  std::vector<std::string> resources_;
  std::vector<std::string> key_names_;
  std::vector<std::string> values_;
  std::array<size_t, kKeys> keys_{};  // kRandom: all keys, the span's own in front
  uint64_t attributes_ = 0;           // written so far

  uint64_t traces_ = 0;
  span::TraceId trace_id_;
  span::SpanId root_id_;
  std::vector<uint64_t> durations_;  // of the trace: the root's, then its children's
  size_t next_span_ = 0;
  uint64_t next_start_ = 0;
};

}  // namespace spandrel::traffic
