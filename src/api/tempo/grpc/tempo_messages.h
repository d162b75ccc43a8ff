// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/http/parameters.h"
#include "api/tempo/tempo_names.h"
#include "base/status.h"
#include "query/traceql/metrics.h"
#include "query/traceql/search.h"
#include "storage/query_context.h"

// Messages of tempopb: requests as the parameters that the HTTP API takes, answers as bytes.
namespace spandrel::api {

// INVALID_ARGUMENT for what is not protobuf.
base::Result<Parameters> ReadSearchRequest(std::string_view message);
base::Result<Parameters> ReadTagsRequest(std::string_view message);
// The name of the tag is the parameter `tag`.
base::Result<Parameters> ReadTagValuesRequest(std::string_view message);
// Times are nanoseconds.
base::Result<Parameters> ReadQueryRangeRequest(std::string_view message);
base::Result<Parameters> ReadQueryInstantRequest(std::string_view message);

// With some of the traces; those of the last one say that the search is complete.
std::string SearchResponse(const storage::QueryContext& context, const query::FoundTraces& found,
                           size_t first, size_t count);
std::string TagsResponse(const std::vector<std::string>& names);
std::string ScopedTagsResponse(const std::vector<ScopedNames>& scopes);
std::string TagValuesResponse(const std::vector<TypedValue>& values);
std::string TypedTagValuesResponse(const std::vector<TypedValue>& values);
std::string QueryRangeResponse(const query::SeriesSet& set, const query::TimePoints& points);
std::string QueryInstantResponse(const query::SeriesSet& set);

}  // namespace spandrel::api
