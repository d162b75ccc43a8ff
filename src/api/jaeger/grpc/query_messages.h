// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/store.h"

// The messages of jaeger.api_v3 (query_service.proto), of jaeger.api_v2 (query.proto) and of
// jaeger.storage.v2 (trace_storage.proto, dependency_storage.proto, capabilities.proto), without
// what they share with OTLP and with `wire`. Requests that are no such message are
// INVALID_ARGUMENT.
namespace spandrel::api {

// Protocols with much in common.
enum class JaegerApi : uint8_t {
  kQuery,        // api_v3: trace ids as text, attributes as text, both times required
  kLegacyQuery,  // api_v2: trace ids as bytes, attributes as text
  kStorage,      // storage.v2: trace ids as bytes, attributes with types
};

struct TraceQuestion {
  span::TraceId trace_id;
  bool raw = false;  // as it was sent
};
// GetTraceRequest of kQuery and kLegacyQuery; its times are hints, which are not needed here.
base::Result<TraceQuestion> ReadGetTraceRequest(std::string_view message, JaegerApi api);

struct OperationsQuestion {
  std::string service;
  std::string kind;  // lower case; empty: any
};
base::Result<OperationsQuestion> ReadGetOperationsRequest(std::string_view message);

struct TracesQuestion {
  storage::SearchRequest search;
  bool raw = false;       // not of kStorage
  bool in_pages = false;  // the answer says where the next one begins
};
// FindTracesRequest; `filter` is not served.
base::Result<TracesQuestion> ReadFindTracesRequest(std::string_view message, JaegerApi api);

// GetTracesRequest of storage.v2; its times are hints, which are not needed here.
base::Result<std::vector<span::TraceId>> ReadGetTracesRequest(std::string_view message);

// Times that are missing are all times in kLegacyQuery.
base::Result<storage::TimeRange> ReadGetDependenciesRequest(std::string_view message,
                                                            JaegerApi api);

std::string ServicesResponse(const std::vector<std::string>& services);
// Those of `kind`, or all when it is empty.
std::string OperationsResponse(const std::vector<storage::Operation>& operations,
                               std::string_view kind, JaegerApi api);
// FindTraceSummariesResponse; without `next_page` there is no more.
std::string SummariesResponse(const std::vector<storage::TraceSummary>& traces, JaegerApi api,
                              const std::string& next_page);
// FindTraceIDsResponse of storage.v2.
std::string TraceIdsResponse(const std::vector<storage::TraceSummary>& traces,
                             const std::string& next_page);
// GetCapabilitiesResponse of storage.v2: what a search of this store can do.
std::string CapabilitiesResponse();
std::string DependenciesResponse(const std::vector<storage::Dependency>& dependencies);

}  // namespace spandrel::api
