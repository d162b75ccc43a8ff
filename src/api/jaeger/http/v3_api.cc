// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/http/v3_api.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/http/json_reader.h"
#include "api/http/json_text.h"
#include "api/http/otlp_stream.h"
#include "api/http/responses.h"
#include "api/http/router.h"
#include "api/http/service_context.h"
#include "api/jaeger/adjust/adjust_trace.h"
#include "api/jaeger/http/v3_parameters.h"
#include "base/ascii.h"
#include "query/trace_search.h"
#include "wire/json/json_writer.h"

namespace spandrel::api {
namespace {

using base::Status;
using wire::JsonWriter;

net::Response Fail(int http_status, std::string_view message) {
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  json.Key("error");
  json.OpenObject();
  UintField("httpCode", static_cast<uint64_t>(http_status), &json);
  TextField("message", message, &json);
  json.CloseObject();
  json.CloseObject();
  return MakeResponse(http_status, kJsonType, std::move(text));
}

net::Response Fail(const Status& status) {
  net::Response response = Fail(HttpStatusOfQuery(status), status.message());
  if (status.retry_after()) response.headers.emplace_back("retry-after", "1");
  return response;
}

// `{"result":...}` around OTLP/JSON, written as traces come.
class TracesAnswer {
 public:
  explicit TracesAnswer(ResponseSink& sink) : sink_(sink), otlp_(sink) {
    sink_.Start(200, {{"content-type", std::string(kJsonType)}});
  }

  query::TraceVisitor visitor() {
    return [this](query::LoadedTrace&& trace) { return Add(std::move(trace)); };
  }

  // Of the visit that added the traces.
  void End(const Status& visit) {
    if (!visit.ok()) return sink_.Fail(Fail(visit));
    if (otlp_.empty()) return sink_.Fail(Fail(404, "No traces found"));
    if (otlp_.End().ok() && sink_.Write("}").ok()) sink_.Finish();
  }

 private:
  Status Add(query::LoadedTrace&& trace) {
    if (otlp_.empty()) SPANDREL_RETURN_IF_ERROR(sink_.Write(R"({"result":)"));
    return otlp_.Add(std::move(trace.spans));
  }

  ResponseSink& sink_;
  OtlpJsonStream otlp_;
};

// Zero counts are left out, as protobuf's JSON does.
void CountField(std::string_view key, uint64_t count, JsonWriter* json) {
  if (count > 0) UintField(key, count, json);
}

void WriteSummary(const storage::TraceSummary& trace, JsonWriter* json) {
  json->OpenObject();
  TextField("traceId", trace.trace_id.ToHex(), json);
  TextField("rootServiceName", trace.root_service, json);
  TextField("rootOperationName", trace.root_name, json);
  DecimalField("minStartTimeUnixNano", trace.start_time_unix_nano, json);
  DecimalField("maxEndTimeUnixNano", trace.end_time_unix_nano, json);
  CountField("spanCount", trace.span_count, json);
  CountField("errorSpanCount", trace.error_count, json);
  CountField("orphanSpanCount", trace.orphan_count, json);
  json->Key("services");
  json->OpenArray();
  for (const auto& service : trace.services) {
    json->OpenObject();
    TextField("name", service.name, json);
    CountField("spanCount", service.span_count, json);
    CountField("errorSpanCount", service.error_count, json);
    json->CloseObject();
  }
  json->CloseArray();
  json->CloseObject();
}

// Jaeger's HTTP gateway calls an operation without a kind internal.
std::string_view KindName(span::SpanKind kind) {
  return span::SpanKindName(kind == span::SpanKind::kUnspecified ? span::SpanKind::kInternal
                                                                 : kind);
}

class V3Api {
 public:
  explicit V3Api(const ServiceContext& context) : context_(context) {}

  net::Response GetServices(const RoutedRequest& request) const {
    const auto services = context_.reader.Services(request.context);
    if (!services.ok()) return Fail(services.status());
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    json.Key("services");
    json.OpenArray();
    for (const std::string& service : *services) json.String(service);
    json.CloseArray();
    json.CloseObject();
    return JsonResponse(std::move(text));
  }

  net::Response GetOperations(const RoutedRequest& request) const {
    const auto operations =
        context_.reader.Operations(request.context, request.parameters.Get("service"));
    if (!operations.ok()) return Fail(operations.status());
    std::string kind = base::LowerCase(request.parameters.Get("spanKind"));
    if (kind.empty()) kind = base::LowerCase(request.parameters.Get("span_kind"));
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    json.Key("operations");
    json.OpenArray();
    for (const auto& operation : *operations) {
      if (!kind.empty() && kind != KindName(operation.kind)) continue;
      json.OpenObject();
      TextField("name", operation.name, &json);
      TextField("spanKind", KindName(operation.kind), &json);
      json.CloseObject();
    }
    json.CloseArray();
    json.CloseObject();
    return JsonResponse(std::move(text));
  }

  void GetTrace(const RoutedRequest& request, ResponseSink& sink) const {
    const auto id = ParseTraceId(request.PathParameter("traceId"));
    if (!id) {
      return sink.Fail(
          Fail(400, "malformed parameter trace_id: expected up to 32 hexadecimal digits"));
    }
    const auto raw = ParseV3Raw(request.parameters);
    if (!raw.ok()) return sink.Fail(Fail(raw.status()));
    TracesAnswer answer(sink);
    answer.End(query::VisitTraces(request.context, context_.reader, {*id},
                                  Adjusted(request.context, *raw, answer.visitor())));
  }

  void FindTraces(const storage::QueryContext& context, const Parameters& parameters,
                  ResponseSink& sink) const {
    const auto search = ParseV3Search(parameters);
    if (!search.ok()) return sink.Fail(Fail(search.status()));
    const auto raw = ParseV3SearchRaw(parameters);
    if (!raw.ok()) return sink.Fail(Fail(raw.status()));
    TracesAnswer answer(sink);
    answer.End(query::SearchAndVisitTraces(context, context_.reader, *search,
                                           Adjusted(context, *raw, answer.visitor())));
  }

  void FindSummaries(const storage::QueryContext& context, const Parameters& parameters,
                     ResponseSink& sink) const {
    sink.Send(Summaries(context, parameters));
  }

  void GetDependencies(const storage::QueryContext& context, const Parameters& parameters,
                       ResponseSink& sink) const {
    sink.Send(Dependencies(context, parameters));
  }

 private:
  net::Response Summaries(const storage::QueryContext& context,
                          const Parameters& parameters) const {
    const auto search = ParseV3Search(parameters);
    if (!search.ok()) return Fail(search.status());
    const auto found = context_.reader.Search(context, *search);
    if (!found.ok()) return Fail(found.status());
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    json.Key("summaries");
    json.OpenArray();
    for (const auto& trace : found->traces) WriteSummary(trace, &json);
    json.CloseArray();
    json.CloseObject();
    return JsonResponse(std::move(text));
  }

  net::Response Dependencies(const storage::QueryContext& context,
                             const Parameters& parameters) const {
    const auto range = ParseV3DependencyRange(parameters);
    if (!range.ok()) return Fail(range.status());
    const auto calls = context_.reader.Dependencies(context, *range);
    if (!calls.ok()) return Fail(calls.status());
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    json.Key("dependencies");
    json.OpenArray();
    for (const auto& call : *calls) {
      json.OpenObject();
      TextField("parent", call.parent, &json);
      TextField("child", call.child, &json);
      DecimalField("callCount", call.call_count, &json);
      json.CloseObject();
    }
    json.CloseArray();
    json.CloseObject();
    return JsonResponse(std::move(text));
  }

  const ServiceContext& context_;
};

using Api = std::shared_ptr<const V3Api>;
using RequestMethod = net::Response (V3Api::*)(const RoutedRequest&) const;
using ParameterMethod = void (V3Api::*)(const storage::QueryContext&, const Parameters&,
                                        ResponseSink&) const;

WholeHandler FromRequest(const Api& api, RequestMethod method) {
  return [api, method](const RoutedRequest& request) { return ((*api).*method)(request); };
}

StreamHandler FromQuery(const Api& api, ParameterMethod method) {
  return [api, method](const RoutedRequest& request, ResponseSink& sink) {
    ((*api).*method)(request.context, request.parameters, sink);
  };
}

StreamHandler FromBody(const Api& api, ParameterMethod method) {
  return [api, method](const RoutedRequest& request, ResponseSink& sink) {
    auto parameters = ParseParameterObject(request.body);
    if (!parameters.ok()) return sink.Fail(Fail(parameters.status().Annotate("body")));
    ((*api).*method)(request.context, Parameters(std::move(*parameters)), sink);
  };
}

}  // namespace

void AddJaegerV3Api(const ServiceContext& context, Router* router) {
  const Api api = std::make_shared<const V3Api>(context);
  router->Get("/api/v3/services", FromRequest(api, &V3Api::GetServices), Cost::kQuick);
  router->Get("/api/v3/operations", FromRequest(api, &V3Api::GetOperations), Cost::kQuick);
  router->GetStream(
      "/api/v3/traces/{traceId}",
      [api](const RoutedRequest& request, ResponseSink& sink) { api->GetTrace(request, sink); },
      Cost::kQuick);
  const auto get_and_post = [&](std::string_view path, ParameterMethod method) {
    router->GetStream(path, FromQuery(api, method));
    router->PostStream(path, FromBody(api, method));
  };
  get_and_post("/api/v3/traces", &V3Api::FindTraces);
  get_and_post("/api/v3/trace-summaries", &V3Api::FindSummaries);
  get_and_post("/api/v3/dependencies", &V3Api::GetDependencies);
}

}  // namespace spandrel::api
