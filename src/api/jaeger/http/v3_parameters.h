// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/http/parameters.h"
#include "base/status.h"
#include "storage/store.h"

namespace spandrel::api {

// TraceQueryParameters: `query.serviceName`, or `query.service_name`, and so on; the order is
// newest first. Both times are required. INVALID_ARGUMENT names the parameter.
base::Result<storage::SearchRequest> ParseV3Search(const Parameters& parameters);

// `query.rawTraces`, or `rawTraces` of a trace by id: traces as they were sent.
base::Result<bool> ParseV3SearchRaw(const Parameters& parameters);
base::Result<bool> ParseV3Raw(const Parameters& parameters);

// `startTime` and `endTime` of the dependencies, both required.
base::Result<storage::TimeRange> ParseV3DependencyRange(const Parameters& parameters);

}  // namespace spandrel::api
