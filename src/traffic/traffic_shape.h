// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "span/ids.h"

namespace spandrel::traffic {

// The same numbers for the same seed.
class RandomSource {
 public:
  explicit RandomSource(uint64_t seed) : engine_(seed) {}

  uint64_t Bits() { return engine_(); }
  uint64_t Below(uint64_t bound) { return engine_() % bound; }
  std::mt19937_64& engine() { return engine_; }

  // Every bit of it is random, as the W3C recommendation asks for.
  template <typename IdType>
  IdType Id() {
    IdType id;
    do {
      for (size_t at = 0; at < IdType::kSize; at += 8) {
        const uint64_t word = engine_();
        std::memcpy(id.bytes.data() + at, &word, 8);
      }
    } while (id.IsZero());
    return id;
  }

 private:
  std::mt19937_64 engine_;
};

// When traces start: evenly over the spans, each at a random nanosecond of its share of the time.
class Timeline {
 public:
  Timeline(uint64_t start_unix_nano, double nano_per_span)
      : start_(start_unix_nano), nano_per_span_(nano_per_span) {}

  uint64_t StartTrace(size_t spans, RandomSource* random) {
    const double share = static_cast<double>(spans) * nano_per_span_;
    const auto begin = static_cast<uint64_t>(static_cast<double>(spans_) * nano_per_span_);
    spans_ += spans;
    return start_ + begin + random->Below(static_cast<uint64_t>(share) + 1);
  }

 private:
  uint64_t start_;
  double nano_per_span_;
  uint64_t spans_ = 0;
};

// A string attribute that a span gets beside its own.
struct ExtraAttribute {
  std::string key;
  std::string value;
};

// One kind of traffic: its resources, and its spans one after the other, trace by trace.
class TrafficShape {
 public:
  virtual ~TrafficShape() = default;

  // Encoded Resource messages.
  virtual const std::vector<std::string>& resources() const = 0;

  // Writes the next span, with `extra` behind its own attributes, as a Span message to `message`,
  // which is empty. Returns the index of the span's resource.
  virtual size_t WriteSpan(const std::vector<ExtraAttribute>& extra, std::string* message) = 0;
};

}  // namespace spandrel::traffic
