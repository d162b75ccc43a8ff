// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/grpc/query_service.h"

#include <memory>
#include <string>
#include <utility>

#include "api/jaeger/grpc/query_messages.h"
#include "query/trace_search.h"
#include "wire/otlp/otlp.h"

namespace spandrel::api {
namespace {

using base::Status;
using base::StatusCode;

class QueryService {
 public:
  explicit QueryService(const ServiceContext& context) : reader_(context.reader) {}

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
    return sink.Write(OperationsResponse(*operations, question->kind));
  }

  Status GetTrace(const RpcRequest& request, RpcSink& sink) const {
    const auto id = ReadGetTraceRequest(request.message);
    if (!id.ok()) return id.status();
    bool is_found = false;
    SPANDREL_RETURN_IF_ERROR(
        query::VisitTraces(request.context, reader_, {*id}, [&](query::LoadedTrace&& trace) {
          is_found = true;
          return WriteTrace(std::move(trace), sink);
        }));
    return is_found ? Status() : Status(StatusCode::kNotFound, "trace not found");
  }

  Status FindTraces(const RpcRequest& request, RpcSink& sink) const {
    const auto search = ReadFindTracesRequest(request.message);
    if (!search.ok()) return search.status();
    return query::SearchAndVisitTraces(
        request.context, reader_, *search,
        [&sink](query::LoadedTrace&& trace) { return WriteTrace(std::move(trace), sink); });
  }

  Status GetDependencies(const RpcRequest& request, RpcSink& sink) const {
    const auto range = ReadGetDependenciesRequest(request.message);
    if (!range.ok()) return range.status();
    const auto calls = reader_.Dependencies(request.context, *range);
    if (!calls.ok()) return calls.status();
    return sink.Write(DependenciesResponse(*calls));
  }

 private:
  // A message never mixes traces.
  static Status WriteTrace(query::LoadedTrace&& trace, RpcSink& sink) {
    for (const span::SpanBatch& piece :
         wire::SplitBatch(std::move(trace.spans), 0, kMaxRpcMessageBytes)) {
      SPANDREL_RETURN_IF_ERROR(sink.Write(wire::EncodeOtlpProtobuf(piece)));
    }
    return {};
  }

  storage::Reader& reader_;
};

}  // namespace

void AddJaegerQueryService(const ServiceContext& context, RpcRouter* router) {
  const auto service = std::make_shared<const QueryService>(context);
  using Method = Status (QueryService::*)(const RpcRequest&, RpcSink&) const;
  const auto handle = [&](std::string_view name, Method method, Cost cost) {
    router->Handle(
        "/jaeger.api_v3.QueryService/" + std::string(name),
        [service, method](const RpcRequest& request, RpcSink& sink) {
          return ((*service).*method)(request, sink);
        },
        cost);
  };
  handle("GetServices", &QueryService::GetServices, Cost::kQuick);
  handle("GetOperations", &QueryService::GetOperations, Cost::kQuick);
  handle("GetTrace", &QueryService::GetTrace, Cost::kQuick);
  handle("FindTraces", &QueryService::FindTraces, Cost::kLong);
  handle("GetDependencies", &QueryService::GetDependencies, Cost::kLong);
}

}  // namespace spandrel::api
