// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "api/http/parameters.h"
#include "base/status.h"
#include "query/traceql/search.h"
#include "storage/time_range.h"
#include "traceql/ast.h"

// Parameters as Tempo's API names them. INVALID_ARGUMENT says which one is wrong.
namespace spandrel::api {

// `start` and `end` in seconds, both included; both or neither, which is all of time.
base::Result<storage::TimeRange> TempoTimeRange(const Parameters& parameters);

struct SearchQuestion {
  query::SpansSearch search;
  std::string note = {};  // of the query's hints
};

// `q`, or `tags` (logfmt) with `minDuration` and `maxDuration` of the trace, `start`, `end`,
// `limit` and `spss`. A query of metrics is asked for its spans.
base::Result<SearchQuestion> TempoSearch(const Parameters& parameters);

// The pipeline of a query's spans; UNIMPLEMENTED for arithmetic between series, which has none.
base::Result<traceql::Pipeline> SpansPipeline(traceql::Query query);

// The name of an attribute or intrinsic, as a query writes it.
base::Result<traceql::Field> TempoField(std::string_view name);

}  // namespace spandrel::api
