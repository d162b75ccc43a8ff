// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "query/promql/label_matchers.h"
#include "query/promql/span_metrics.h"
#include "query/promql/values.h"
#include "storage/query_context.h"
#include "storage/reader.h"
#include "storage/value_histogram.h"

// What spans and calls between services come to, by labels and time: what counters are made of.
// All of it adds up without loss.
namespace spandrel::query {

struct DurationCounts {
  uint64_t count = 0;
  uint64_t sum_nano = 0;
  std::vector<uint64_t> up_to;     // of each bound, how many are at most as long
  storage::ValueHistogram native;  // in nanoseconds
};

// Of those that begin in one bucket of time.
struct TimedCounts {
  uint64_t last_unix_nano = 0;  // the last moment of the bucket
  uint64_t total = 0;
  uint64_t failed = 0;
  std::array<DurationCounts, 2> durations;  // by side
};

struct LabelledCounts {
  PromLabels labels;
  std::vector<TimedCounts> buckets;  // those that are not empty, by time
};

struct CountsRequest {
  const LabelMatchers& matchers;
  std::vector<std::string_view> labels;  // that are told apart, of those of the family
  // Buckets of step_nano from min on; the last one ends at or before max, all included.
  uint64_t min_unix_nano = 0;
  uint64_t max_unix_nano = 0;
  uint64_t step_nano = 1;
  bool sums = false;    // sum_nano is wanted
  bool bounds = false;  // up_to is wanted
  bool native = false;
  size_t max_groups = 0;
};

// RESOURCE_EXHAUSTED when there are more than max_groups sets of labels.
base::Result<std::vector<LabelledCounts>> CountSpans(const storage::QueryContext& context,
                                                     storage::Reader& reader,
                                                     const CountsRequest& request);

// A call is
//   * a server or consumer span whose parent is a client or producer span;
//   * a server or consumer span without a parent: by `user`, connection_type `virtual_node`;
//   * a client or producer span without such a child that names a database (connection_type
//     `database`; `server` is peer.service, server.address, network.peer.address and port, else
//     the database's name) or has peer.service (`virtual_node`).
// It begins when its server span does, else its client span. A side without a span has no
// duration, but a database as long as its client waits. It failed when either span has the status
// error. Between a producer and a consumer connection_type is `messaging_system`.
base::Result<std::vector<LabelledCounts>> CountCalls(const storage::QueryContext& context,
                                                     storage::Reader& reader,
                                                     const CountsRequest& request);

inline base::Result<std::vector<LabelledCounts>> CountFamily(MetricFamily family,
                                                             const storage::QueryContext& context,
                                                             storage::Reader& reader,
                                                             const CountsRequest& request) {
  return family == MetricFamily::kSpans ? CountSpans(context, reader, request)
                                        : CountCalls(context, reader, request);
}

// "more than 20000 series; ...".
base::Status TooManySeries(size_t most);

}  // namespace spandrel::query
