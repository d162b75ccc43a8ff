// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "api/http/parameters.h"
#include "api/http/router.h"
#include "base/status.h"
#include "promql/ast.h"
#include "query/promql/list_series.h"
#include "query/promql/values.h"

// Parameters as Prometheus names them. INVALID_ARGUMENT says which one is wrong.
namespace spandrel::api {

// Those of a form in the body, then those of the query string.
Parameters FormParameters(const RoutedRequest& request);

// `time`, now when it is absent.
base::Result<query::Instants> PrometheusInstant(const Parameters& parameters,
                                                uint64_t now_unix_nano);
// `start`, `end` and `step`; at most query::kMaxInstants points.
base::Result<query::Instants> PrometheusRange(const Parameters& parameters);

// `match[]`, `start` and `end`; of all that is stored when these are absent.
base::Result<query::ListedSeries> PrometheusListed(const Parameters& parameters,
                                                   uint64_t now_unix_nano);
// `limit`; 0 and absent are none.
base::Result<size_t> PrometheusLimit(const Parameters& parameters);

}  // namespace spandrel::api
