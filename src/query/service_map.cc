// SPDX-License-Identifier: Apache-2.0
#include "query/service_map.h"

#include <algorithm>
#include <utility>

namespace spandrel::query {
namespace {

MapService ToMapService(const storage::AggregateSeries& series) {
  MapService service;
  if (!series.group.empty()) service.name = series.group.front();
  storage::LatencyHistogram latency;
  for (const auto& bucket : series.buckets) {
    service.span_count += bucket.count;
    service.error_count += bucket.error_count;
    latency.Merge(bucket.latency);
  }
  service.p95_nano = latency.Quantile(0.95);
  return service;
}

}  // namespace

base::Result<ServiceMap> LoadServiceMap(const storage::QueryContext& context,
                                        storage::Reader& reader, storage::TimeRange range) {
  storage::AggregateRequest request;
  request.start_time = range;
  request.group_by = {storage::Intrinsic::kServiceName};
  request.max_groups = kMaxMapServices;
  const auto counts = reader.Aggregate(context, request);
  if (!counts.ok()) return counts.status();
  auto calls = reader.Dependencies(context, range);
  if (!calls.ok()) return calls.status();

  ServiceMap map;
  for (const auto& series : counts->series) map.services.push_back(ToMapService(series));
  std::sort(map.services.begin(), map.services.end(),
            [](const MapService& a, const MapService& b) { return a.name < b.name; });
  map.calls = std::move(*calls);
  return map;
}

}  // namespace spandrel::query
