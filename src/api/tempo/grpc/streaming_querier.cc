// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/grpc/streaming_querier.h"

#include <algorithm>
#include <memory>
#include <string>

#include "api/tempo/grpc/tempo_messages.h"
#include "api/tempo/tempo_parameters.h"
#include "api/tempo/tempo_series.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;

// Traces of a message; a trace takes about a kilobyte.
constexpr size_t kTracesPerMessage = 200;

class StreamingQuerier {
 public:
  explicit StreamingQuerier(const ServiceContext& context) : context_(context) {}

  Status Search(const RpcRequest& request, RpcSink& sink) const {
    const auto parameters = ReadSearchRequest(request.message);
    if (!parameters.ok()) return parameters.status();
    const auto question = TempoSearch(*parameters);
    if (!question.ok()) return question.status();
    const auto found = query::SearchSpans(request.context, context_.reader, question->search);
    if (!found.ok()) return found.status();
    size_t sent = 0;
    do {
      const size_t count = std::min(kTracesPerMessage, found->traces.size() - sent);
      SPANDREL_RETURN_IF_ERROR(sink.Write(SearchResponse(request.context, *found, sent, count)));
      sent += count;
    } while (sent < found->traces.size());
    return {};
  }

  Status Tags(const RpcRequest& request, RpcSink& sink) const {
    const auto scopes = Names(request, /*with_intrinsics=*/false);
    if (!scopes.ok()) return scopes.status();
    return sink.Write(TagsResponse(AllNames(*scopes)));
  }

  Status TagsV2(const RpcRequest& request, RpcSink& sink) const {
    const auto scopes = Names(request, /*with_intrinsics=*/true);
    if (!scopes.ok()) return scopes.status();
    return sink.Write(ScopedTagsResponse(*scopes));
  }

  Status TagValues(const RpcRequest& request, RpcSink& sink) const {
    const auto parameters = ReadTagValuesRequest(request.message);
    if (!parameters.ok()) return parameters.status();
    const auto values = TempoValues(context_.reader, request.context,
                                    FieldOrAttribute(parameters->Get("tag")), *parameters);
    if (!values.ok()) return values.status();
    return sink.Write(TagValuesResponse(*values));
  }

  Status TagValuesV2(const RpcRequest& request, RpcSink& sink) const {
    const auto parameters = ReadTagValuesRequest(request.message);
    if (!parameters.ok()) return parameters.status();
    const auto field = TempoField(parameters->Get("tag"));
    if (!field.ok()) return field.status().Annotate("tag");
    const auto values = TempoValues(context_.reader, request.context, *field, *parameters);
    if (!values.ok()) return values.status();
    return sink.Write(TypedTagValuesResponse(*values));
  }

  Status QueryRange(const RpcRequest& request, RpcSink& sink) const {
    const auto parameters = ReadQueryRangeRequest(request.message);
    if (!parameters.ok()) return parameters.status();
    const auto question =
        TempoSeries(*parameters, context_.clock.NowUnixNano(), SeriesForm::kRange);
    if (!question.ok()) return question.status();
    const auto set =
        query::MakeSeries(request.context, context_.reader, question->expr, question->request);
    if (!set.ok()) return set.status();
    return sink.Write(QueryRangeResponse(*set, question->request.points));
  }

  Status QueryInstant(const RpcRequest& request, RpcSink& sink) const {
    const auto parameters = ReadQueryInstantRequest(request.message);
    if (!parameters.ok()) return parameters.status();
    const auto question =
        TempoSeries(*parameters, context_.clock.NowUnixNano(), SeriesForm::kInstant);
    if (!question.ok()) return question.status();
    const auto set =
        query::MakeSeries(request.context, context_.reader, question->expr, question->request);
    if (!set.ok()) return set.status();
    return sink.Write(QueryInstantResponse(*set));
  }

 private:
  Result<std::vector<ScopedNames>> Names(const RpcRequest& request, bool with_intrinsics) const {
    const auto parameters = ReadTagsRequest(request.message);
    if (!parameters.ok()) return parameters.status();
    return TempoNames(context_.reader, request.context, *parameters, with_intrinsics);
  }

  const ServiceContext context_;
};

}  // namespace

void AddTempoStreamingQuerier(const ServiceContext& context, RpcRouter* router) {
  const auto service = std::make_shared<const StreamingQuerier>(context);
  using Method = Status (StreamingQuerier::*)(const RpcRequest&, RpcSink&) const;
  const auto handle = [&](std::string_view name, Method method) {
    router->Handle("/tempopb.StreamingQuerier/" + std::string(name),
                   [service, method](const RpcRequest& request, RpcSink& sink) {
                     return ((*service).*method)(request, sink);
                   });
  };
  handle("Search", &StreamingQuerier::Search);
  handle("SearchTags", &StreamingQuerier::Tags);
  handle("SearchTagsV2", &StreamingQuerier::TagsV2);
  handle("SearchTagValues", &StreamingQuerier::TagValues);
  handle("SearchTagValuesV2", &StreamingQuerier::TagValuesV2);
  handle("MetricsQueryRange", &StreamingQuerier::QueryRange);
  handle("MetricsQueryInstant", &StreamingQuerier::QueryInstant);
}

}  // namespace spandrel::api
