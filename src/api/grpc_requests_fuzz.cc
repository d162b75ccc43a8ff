// SPDX-License-Identifier: Apache-2.0
// Requests of gRPC clients: the messages of the query services and the time that they ask for.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/grpc/reflection.h"
#include "api/grpc/rpc_router.h"
#include "api/jaeger/grpc/query_messages.h"
#include "api/tempo/grpc/tempo_messages.h"
#include "api/tempo/tempo_parameters.h"
#include "api/tempo/tempo_series.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto timeout = spandrel::api::ParseGrpcTimeout(text);
  if (timeout.ok() && *timeout) SPANDREL_CHECK((*timeout)->count() >= 0);
  (void)spandrel::api::ReadGetOperationsRequest(text);
  (void)spandrel::api::AnswerReflection(spandrel::api::ProtoFiles::OfServices(), {}, text);
  for (const auto api : {spandrel::api::JaegerApi::kQuery, spandrel::api::JaegerApi::kLegacyQuery,
                         spandrel::api::JaegerApi::kStorage}) {
    const auto id = spandrel::api::ReadGetTraceRequest(text, api);
    if (id.ok()) SPANDREL_CHECK(!id->trace_id.IsZero());
    const auto range = spandrel::api::ReadGetDependenciesRequest(text, api);
    if (range.ok()) SPANDREL_CHECK(range->min_unix_nano < range->max_unix_nano);
    const auto found = spandrel::api::ReadFindTracesRequest(text, api);
    if (found.ok()) SPANDREL_CHECK(found->search.limit > 0);
  }
  const auto wanted = spandrel::api::ReadGetTracesRequest(text);
  if (wanted.ok()) SPANDREL_CHECK(wanted->size() <= text.size());
  const auto spans = spandrel::api::ReadSearchRequest(text);
  if (spans.ok()) (void)spandrel::api::TempoSearch(*spans);
  const auto series = spandrel::api::ReadQueryRangeRequest(text);
  if (series.ok()) {
    constexpr uint64_t kNow = 1'700'000'000'000'000'000;
    const auto question =
        spandrel::api::TempoSeries(*series, kNow, spandrel::api::SeriesForm::kRange);
    if (question.ok()) SPANDREL_CHECK(question->request.points.count > 0);
  }
  (void)spandrel::api::ReadTagValuesRequest(text);
  return 0;
}
