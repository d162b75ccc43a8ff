// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "span/span_batch.h"
#include "storage/reader.h"

namespace spandrel::query {

// How services did over time: what Jaeger's Monitor draws.
struct ServiceMetricsRequest {
  std::vector<std::string> services;  // at least one
  std::vector<span::SpanKind> kinds;  // of the spans that count; at least one
  bool by_operation = false;
  uint64_t start_unix_nano = 0;  // of the first point
  uint64_t end_unix_nano = 0;    // of the last one, or up to a step after it
  uint64_t step_nano = 0;        // between points, above 0
  uint64_t window_nano = 0;      // that a point looks back; made a multiple of the step
  double quantile = 0;           // of ServicePoint::latency_nano
};

inline constexpr uint64_t kMaxServicePoints = 11'000;
inline constexpr uint64_t kMaxServiceWindow = 1'000;  // steps

// The spans that start in the window which ends at `time_unix_nano`. There is none for a window
// without spans.
struct ServicePoint {
  uint64_t time_unix_nano = 0;
  double calls_per_second = 0;
  double error_share = 0;     // of the calls, 0 to 1
  uint64_t latency_nano = 0;  // the quantile, off by at most 1.1 %
};

struct ServiceSeries {
  std::string service;
  std::string operation;  // empty unless by_operation
  std::vector<ServicePoint> points;
};

// By service, then operation. INVALID_ARGUMENT for a request beyond the limits above.
base::Result<std::vector<ServiceSeries>> ServiceMetrics(const storage::QueryContext& context,
                                                        storage::Reader& reader,
                                                        const ServiceMetricsRequest& request);

}  // namespace spandrel::query
