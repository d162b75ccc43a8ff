// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/store.h"

// The messages of jaeger.api_v3 (query_service.proto), without what they share with OTLP. Requests
// that are no such message are INVALID_ARGUMENT.
namespace spandrel::api {

// GetTraceRequest; its times are hints, which are not needed here.
base::Result<span::TraceId> ReadGetTraceRequest(std::string_view message);

struct OperationsQuestion {
  std::string service;
  std::string kind;  // lower case; empty: any
};
base::Result<OperationsQuestion> ReadGetOperationsRequest(std::string_view message);

// FindTracesRequest. Both times are required; `filter` is not served.
base::Result<storage::SearchRequest> ReadFindTracesRequest(std::string_view message);

base::Result<storage::TimeRange> ReadGetDependenciesRequest(std::string_view message);

std::string ServicesResponse(const std::vector<std::string>& services);
// Those of `kind`, or all when it is empty.
std::string OperationsResponse(const std::vector<storage::Operation>& operations,
                               std::string_view kind);
std::string DependenciesResponse(const std::vector<storage::Dependency>& dependencies);

}  // namespace spandrel::api
