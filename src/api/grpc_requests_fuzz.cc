// SPDX-License-Identifier: Apache-2.0
// Requests of gRPC clients: the messages of the query service and the time that they ask for.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/grpc/rpc_router.h"
#include "api/jaeger/grpc/query_messages.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto timeout = spandrel::api::ParseGrpcTimeout(text);
  if (timeout.ok() && *timeout) SPANDREL_CHECK((*timeout)->count() >= 0);
  const auto id = spandrel::api::ReadGetTraceRequest(text);
  if (id.ok()) SPANDREL_CHECK(!id->IsZero());
  (void)spandrel::api::ReadGetOperationsRequest(text);
  const auto search = spandrel::api::ReadFindTracesRequest(text);
  if (search.ok()) SPANDREL_CHECK(search->limit > 0);
  const auto range = spandrel::api::ReadGetDependenciesRequest(text);
  if (range.ok()) SPANDREL_CHECK(range->min_unix_nano < range->max_unix_nano);
  return 0;
}
