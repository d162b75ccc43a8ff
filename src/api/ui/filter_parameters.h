// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "api/http/parameters.h"
#include "base/status.h"
#include "query/trace_search.h"
#include "storage/store.h"

namespace spandrel::api {

// The time range `from`, `to` of docs/formats/ui-api.md; the last hour when absent.
base::Result<storage::TimeRange> ParsePageRange(const Parameters& parameters,
                                                uint64_t now_unix_nano);

// All filter parameters of docs/formats/ui-api.md. INVALID_ARGUMENT names the parameter.
base::Result<query::TraceFilter> ParsePageFilter(const Parameters& parameters,
                                                 uint64_t now_unix_nano);

}  // namespace spandrel::api
