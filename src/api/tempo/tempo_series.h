// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "api/http/parameters.h"
#include "base/status.h"
#include "query/traceql/metrics.h"
#include "traceql/ast.h"

namespace spandrel::api {

enum class SeriesForm : bool {
  kRange,    // points from `start` to `end`, `step` apart
  kInstant,  // one point for all of it
};

struct SeriesQuestion {
  traceql::MetricsExpr expr;
  query::SeriesRequest request;
  std::string note = {};  // of the query's hints
};

// `q` (or `query`), `start` and `end` or `since`, `step`, `exemplars`, `maxSeries`, as Tempo names
// them; the hint `exemplars` goes before the parameter. INVALID_ARGUMENT says which one is wrong.
base::Result<SeriesQuestion> TempoSeries(const Parameters& parameters, uint64_t now_unix_nano,
                                         SeriesForm form);

}  // namespace spandrel::api
