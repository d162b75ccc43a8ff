// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "opentelemetry/common/key_value_iterable.h"
#include "opentelemetry/trace/span_context_kv_iterable.h"
#include "opentelemetry/trace/span_metadata.h"

namespace spandrel::sdk {

// Of 2^63 trace ids, those below it are kept.
inline uint64_t IdThreshold(double ratio) {
  if (ratio >= 1) return uint64_t{1} << 63;
  return ratio > 0 ? static_cast<uint64_t>(std::ldexp(ratio, 63)) : 0;
}

// What is known of a span when it starts. Views are of the caller's.
struct SamplingInput {
  uint64_t random = 0;  // the last 8 bytes of the trace id, read as a big-endian number
  bool has_parent = false;
  bool parent_sampled = false;
  bool parent_remote = false;
  std::string_view trace_state;  // the parent's, as in the header
  std::string_view name;
  opentelemetry::trace::SpanKind kind = opentelemetry::trace::SpanKind::kInternal;
  const opentelemetry::common::KeyValueIterable* attributes = nullptr;       // null: none
  const opentelemetry::trace::SpanContextKeyValueIterable* links = nullptr;  // null: none
};

using SampledAttribute = std::pair<std::string, std::variant<std::string, double>>;

struct SampleResult {
  bool sampled = false;
  std::vector<SampledAttribute> attributes;        // to be set on the span
  std::shared_ptr<const std::string> trace_state;  // of the span; null: the parent's
};

// One sampler of the tree. Thread-safe.
class SamplerNode {
 public:
  virtual ~SamplerNode() = default;
  virtual SampleResult Sample(const SamplingInput& input) const = 0;
};

}  // namespace spandrel::sdk
