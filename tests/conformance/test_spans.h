// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "span/span_batch.h"

namespace spandrel::conformance {

using TestScalar = std::variant<std::string, bool, int64_t, double>;
using TestArray = std::vector<TestScalar>;
using TestValue = std::variant<std::string, bool, int64_t, double, TestArray>;
using TestAttributes = std::vector<std::pair<std::string, TestValue>>;

struct TestEvent {
  uint64_t time_unix_nano = 0;
  std::string name;
  TestAttributes attributes;
};

struct TestLink {
  uint64_t trace = 1;
  uint64_t span = 1;
  TestAttributes attributes;
};

// A span as a test writes it. Ids are numbers; 0 as parent means root.
struct TestSpan {
  uint64_t trace = 1;
  uint64_t span = 1;
  uint64_t parent = 0;
  std::string service = "svc";
  std::string name = "op";
  uint64_t start = 1'000'000'000;
  uint64_t duration = 1'000'000;
  span::SpanKind kind = span::SpanKind::kInternal;
  span::SpanStatus status = span::SpanStatus::kUnset;
  std::string status_message;
  TestAttributes attributes;
  TestAttributes resource_attributes;  // beside service.name
  TestAttributes scope_attributes;
  std::string scope_name = "scope";
  std::vector<TestEvent> events;
  std::vector<TestLink> links;
};

span::TraceId TraceIdOf(uint64_t number);
span::SpanId SpanIdOf(uint64_t number);

// One request; each span in a ResourceSpans of its own, in the given order.
std::string EncodeRequest(const std::vector<TestSpan>& spans);
// The same, decoded.
span::SpanBatch MakeBatch(const std::vector<TestSpan>& spans);

// What of `batch` stays, and for how many it stands, when `weight_of` says so of each trace: 0 of
// one that goes.
span::SpanBatch Weighted(const span::SpanBatch& batch,
                         const std::function<uint16_t(const span::TraceId&)>& weight_of);

// Traces with few services, names, attribute keys and values, so that random conditions match
// often: `count` traces of 1 to 6 spans, numbered from `first_trace`, starting within `window`
// after `start`.
std::vector<TestSpan> RandomSpans(std::mt19937_64& random, uint64_t first_trace, size_t count,
                                  uint64_t start, uint64_t window);

}  // namespace spandrel::conformance
