// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "api/http/parameters.h"
#include "base/status.h"
#include "query/service_metrics.h"
#include "storage/store.h"

namespace spandrel::api {

// The traces that one request of Jaeger's APIs may ask for.
inline constexpr uint64_t kMaxJaegerTraces = 10'000;

// The search of GET /api/traces: service, operation, start, end, limit, minDuration, maxDuration,
// tag, tags. INVALID_ARGUMENT names the parameter.
base::Result<storage::SearchRequest> ParseLegacySearch(const Parameters& parameters,
                                                       uint64_t now_unix_nano);

// `endTs` and `lookback` of GET /api/dependencies.
base::Result<storage::TimeRange> ParseLegacyDependencyRange(const Parameters& parameters,
                                                            uint64_t now_unix_nano);

// The parameters of GET /api/metrics/...: service, repeated; spanKind, repeated, `server` without
// it; groupByOperation; endTs, lookback, step and ratePer in milliseconds.
base::Result<query::ServiceMetricsRequest> ParseLegacyMetrics(const Parameters& parameters,
                                                              uint64_t now_unix_nano);

// A trace id as Jaeger takes it: up to 32 hexadecimal digits, or base64 (standard or URL alphabet,
// padded or not) of 16 bytes.
base::Result<span::TraceId> ParseLegacyTraceId(std::string_view text);

}  // namespace spandrel::api
