// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/grpc/query_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/http/cursor_text.h"
#include "api/jaeger/adjust/adjust_trace.h"
#include "api/jaeger/grpc/query_messages.h"
#include "query/trace_search.h"
#include "wire/jaeger/jaeger.h"
#include "wire/otlp/otlp.h"

namespace spandrel::api {
namespace {

using base::Status;
using base::StatusCode;

// In messages that a client takes.
Status WriteTrace(query::LoadedTrace&& trace, JaegerApi api, RpcSink& sink) {
  if (api == JaegerApi::kLegacyQuery) {
    return wire::WriteJaegerSpanChunks(
        trace.spans, kMaxRpcMessageBytes,
        [&sink](std::string_view chunk) { return sink.Write(chunk); });
  }
  for (const span::SpanBatch& piece :
       wire::SplitBatch(std::move(trace.spans), 0, kMaxRpcMessageBytes)) {
    SPANDREL_RETURN_IF_ERROR(sink.Write(wire::EncodeOtlpProtobuf(piece)));
  }
  return {};
}

// What the protocols ask in the same words.
class JaegerService {
 public:
  JaegerService(const ServiceContext& context, JaegerApi api)
      : reader_(context.reader), api_(api) {}

  Status GetServices(const RpcRequest& request, RpcSink& sink) const {
    const auto services = reader_.Services(request.context);
    if (!services.ok()) return services.status();
    return sink.Write(ServicesResponse(*services));
  }

  Status GetOperations(const RpcRequest& request, RpcSink& sink) const {
    const auto question = ReadGetOperationsRequest(request.message);
    if (!question.ok()) return question.status();
    const auto operations = reader_.Operations(request.context, question->service);
    if (!operations.ok()) return operations.status();
    return sink.Write(OperationsResponse(*operations, question->kind, api_));
  }

  Status GetTrace(const RpcRequest& request, RpcSink& sink) const {
    const auto question = ReadGetTraceRequest(request.message, api_);
    if (!question.ok()) return question.status();
    bool is_found = false;
    const auto visit = [&](query::LoadedTrace&& trace) {
      is_found = true;
      return WriteTrace(std::move(trace), api_, sink);
    };
    SPANDREL_RETURN_IF_ERROR(query::VisitTraces(request.context, reader_, {question->trace_id},
                                                Adjusted(request.context, question->raw, visit)));
    return is_found ? Status() : Status(StatusCode::kNotFound, "trace not found");
  }

  // A Jaeger adjusts by itself what it reads from its storage.
  Status GetTraces(const RpcRequest& request, RpcSink& sink) const {
    const auto ids = ReadGetTracesRequest(request.message);
    if (!ids.ok()) return ids.status();
    return query::VisitTraces(request.context, reader_, *ids, [&](query::LoadedTrace&& trace) {
      return WriteTrace(std::move(trace), api_, sink);
    });
  }

  Status FindTraces(const RpcRequest& request, RpcSink& sink) const {
    const auto question = ReadFindTracesRequest(request.message, api_);
    if (!question.ok()) return question.status();
    const auto visit = [&](query::LoadedTrace&& trace) {
      return WriteTrace(std::move(trace), api_, sink);
    };
    const bool raw = question->raw || api_ == JaegerApi::kStorage;
    return query::SearchAndVisitTraces(request.context, reader_, question->search,
                                       Adjusted(request.context, raw, visit));
  }

  Status FindTraceIds(const RpcRequest& request, RpcSink& sink) const {
    const auto found = Find(request);
    return found.ok() ? sink.Write(TraceIdsResponse(found->traces, found->next_page))
                      : found.status();
  }

  Status FindTraceSummaries(const RpcRequest& request, RpcSink& sink) const {
    auto found = Find(request);
    if (!found.ok()) return found.status();
    std::vector<storage::TraceSummary>& traces = found->traces;
    for (auto at = traces.begin(); at != traces.end();) {
      const auto end = at + std::min<ptrdiff_t>(traces.end() - at, kSummariesInMessage);
      const std::vector<storage::TraceSummary> some(std::make_move_iterator(at),
                                                    std::make_move_iterator(end));
      at = end;
      const std::string next_page = at == traces.end() ? found->next_page : "";
      SPANDREL_RETURN_IF_ERROR(sink.Write(SummariesResponse(some, api_, next_page)));
    }
    return {};
  }

  Status GetDependencies(const RpcRequest& request, RpcSink& sink) const {
    const auto range = ReadGetDependenciesRequest(request.message, api_);
    if (!range.ok()) return range.status();
    const auto calls = reader_.Dependencies(request.context, *range);
    if (!calls.ok()) return calls.status();
    return sink.Write(DependenciesResponse(*calls));
  }

  Status ArchiveTrace(const RpcRequest& request, RpcSink& /*sink*/) const {
    const auto question = ReadGetTraceRequest(request.message, api_);
    if (!question.ok()) return question.status();
    return {StatusCode::kUnimplemented, "there is no archive: traces are kept by the retention"};
  }

  Status GetCapabilities(const RpcRequest& /*request*/, RpcSink& sink) const {
    return sink.Write(CapabilitiesResponse());
  }

 private:
  static constexpr ptrdiff_t kSummariesInMessage = 100;

  struct Page {
    std::vector<storage::TraceSummary> traces;
    std::string next_page;  // the token of the one that follows
  };
  base::Result<Page> Find(const RpcRequest& request) const {
    const auto question = ReadFindTracesRequest(request.message, api_);
    if (!question.ok()) return question.status();
    auto found = reader_.Search(request.context, question->search);
    if (!found.ok()) return found.status();
    const bool has_next = question->in_pages && found->next;
    return Page{std::move(found->traces),
                has_next ? EncodeCursor(*found->next, question->search.order) : ""};
  }

  storage::Reader& reader_;
  const JaegerApi api_;
};

using Method = Status (JaegerService::*)(const RpcRequest&, RpcSink&) const;
struct NamedMethod {
  std::string_view name;
  Method method;
  Cost cost;
};

void Handle(const std::shared_ptr<const JaegerService>& service, std::string_view name,
            std::initializer_list<NamedMethod> methods, RpcRouter* router) {
  for (const NamedMethod& named : methods) {
    router->Handle(
        fmt::format("/{}/{}", name, named.name),
        [service, method = named.method](const RpcRequest& request, RpcSink& sink) {
          return ((*service).*method)(request, sink);
        },
        named.cost);
  }
}

}  // namespace

void AddJaegerQueryService(const ServiceContext& context, RpcRouter* router) {
  const auto service = std::make_shared<const JaegerService>(context, JaegerApi::kQuery);
  Handle(service, "jaeger.api_v3.QueryService",
         {{"GetServices", &JaegerService::GetServices, Cost::kQuick},
          {"GetOperations", &JaegerService::GetOperations, Cost::kQuick},
          {"GetTrace", &JaegerService::GetTrace, Cost::kQuick},
          {"FindTraces", &JaegerService::FindTraces, Cost::kLong},
          {"FindTraceSummaries", &JaegerService::FindTraceSummaries, Cost::kLong},
          {"GetDependencies", &JaegerService::GetDependencies, Cost::kLong}},
         router);
}

void AddJaegerLegacyQueryService(const ServiceContext& context, RpcRouter* router) {
  const auto service = std::make_shared<const JaegerService>(context, JaegerApi::kLegacyQuery);
  Handle(service, "jaeger.api_v2.QueryService",
         {{"GetServices", &JaegerService::GetServices, Cost::kQuick},
          {"GetOperations", &JaegerService::GetOperations, Cost::kQuick},
          {"GetTrace", &JaegerService::GetTrace, Cost::kQuick},
          {"FindTraces", &JaegerService::FindTraces, Cost::kLong},
          {"GetDependencies", &JaegerService::GetDependencies, Cost::kLong},
          {"ArchiveTrace", &JaegerService::ArchiveTrace, Cost::kQuick}},
         router);
}

void AddJaegerStorageServices(const ServiceContext& context, RpcRouter* router) {
  const auto service = std::make_shared<const JaegerService>(context, JaegerApi::kStorage);
  Handle(service, "jaeger.storage.v2.TraceReader",
         {{"GetServices", &JaegerService::GetServices, Cost::kQuick},
          {"GetOperations", &JaegerService::GetOperations, Cost::kQuick},
          {"GetTraces", &JaegerService::GetTraces, Cost::kQuick},
          {"FindTraces", &JaegerService::FindTraces, Cost::kLong},
          {"FindTraceIDs", &JaegerService::FindTraceIds, Cost::kLong},
          {"FindTraceSummaries", &JaegerService::FindTraceSummaries, Cost::kLong}},
         router);
  Handle(service, "jaeger.storage.v2.DependencyReader",
         {{"GetDependencies", &JaegerService::GetDependencies, Cost::kLong}}, router);
  Handle(service, "jaeger.storage.v2.Capabilities",
         {{"GetCapabilities", &JaegerService::GetCapabilities, Cost::kQuick}}, router);
}

}  // namespace spandrel::api
