// SPDX-License-Identifier: Apache-2.0
#include "store/trace_samples.h"

#include <algorithm>
#include <string>

namespace spandrel::bench {
namespace {

using storage::Predicate;

constexpr size_t kTracesPerPlace = 20;
constexpr int kPlacesForLargeTrace = 1000;

uint64_t RandomTime(storage::TimeRange range, std::mt19937_64& random) {
  return range.min_unix_nano + 1 + random() % (range.max_unix_nano - range.min_unix_nano);
}

}  // namespace

base::Result<storage::TimeRange> RangeOf(storage::Reader& store) {
  constexpr uint64_t kMinute = 60'000'000'000;
  storage::AggregateRequest request;
  request.step_nano = kMinute;
  auto found = store.Aggregate({}, request);
  if (!found.ok()) return found.status();
  storage::TimeRange range{UINT64_MAX, 0};
  for (const auto& series : found->series) {
    for (const auto& bucket : series.buckets) {
      range.min_unix_nano = std::min(range.min_unix_nano, bucket.start_time_unix_nano);
      range.max_unix_nano = std::max(range.max_unix_nano, bucket.start_time_unix_nano + kMinute);
    }
  }
  if (range.max_unix_nano == 0)
    return base::Status(base::StatusCode::kNotFound, "the store is empty");
  return range;
}

base::Result<std::vector<span::TraceId>> SampleTraces(storage::Reader& store,
                                                      storage::TimeRange range, size_t count) {
  std::mt19937_64 random(20261122);
  storage::SearchRequest request;
  // By their roots, so that each trace is at one place only.
  request.where = Predicate::Compare(storage::Intrinsic::kParentSpanId, storage::CompareOp::kEqual,
                                     std::string());
  request.limit = kTracesPerPlace;
  std::vector<span::TraceId> ids;
  for (size_t tries = 0; ids.size() < count && tries < count; ++tries) {
    request.start_time = {range.min_unix_nano, RandomTime(range, random)};
    auto found = store.Search({}, request);
    if (!found.ok()) return found.status();
    // A random time is more often within a long trace; those before it are not chosen by length.
    for (size_t i = 1; i < found->traces.size() && ids.size() < count; ++i)
      ids.push_back(found->traces[i].trace_id);
  }
  return ids;
}

base::Result<std::optional<span::TraceId>> FindLargeTrace(storage::Reader& store,
                                                          storage::TimeRange range,
                                                          uint64_t min_spans) {
  std::mt19937_64 random(20261122);
  storage::SearchRequest request;
  request.limit = 1;
  for (int place = 0; place < kPlacesForLargeTrace; ++place) {
    request.start_time = {range.min_unix_nano, RandomTime(range, random)};
    auto found = store.Search({}, request);
    if (!found.ok()) return found.status();
    for (const storage::TraceSummary& trace : found->traces)
      if (trace.span_count >= min_spans) return std::optional(trace.trace_id);
  }
  return std::optional<span::TraceId>();
}

}  // namespace spandrel::bench
