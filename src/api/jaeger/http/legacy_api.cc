// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/http/legacy_api.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/http/json_text.h"
#include "api/http/responses.h"
#include "api/http/router.h"
#include "api/http/service_context.h"
#include "api/jaeger/adjust/adjust_trace.h"
#include "api/jaeger/http/legacy_answer.h"
#include "api/jaeger/http/legacy_parameters.h"
#include "base/ascii.h"
#include "query/trace_search.h"
#include "wire/jaeger/jaeger_json.h"
#include "wire/otlp/otlp.h"

namespace spandrel::api {
namespace {

using base::Status;
using wire::JsonWriter;

constexpr size_t kMaxTransformBytes = 64 << 20;
// What a document of OTLP/JSON takes while its spans are read, per byte of it.
constexpr size_t kTransformFactor = 4;
constexpr std::string_view kRaw = "raw";  // traces as they were sent
constexpr std::string_view kTracesBegin = R"({"data":[)";

// An answer of whole traces, written as they come. Only what is to be pretty is whole in memory
// first, reserved from the query's.
class TracesAnswer {
 public:
  TracesAnswer(const RoutedRequest& request, ResponseSink& sink)
      : context_(request.context),
        sink_(sink),
        pretty_memory_(request.context),
        is_pretty_(WantsPrettyJson(request.parameters)),
        json_(kTracesBegin) {
    sink_.Start(200, {{"content-type", std::string(kJsonType)}});
  }

  // The spans of one trace.
  Status Add(const span::SpanBatch& trace) {
    if (count_++ > 0) json_ += ',';
    return wire::WriteJaegerTraceJson(trace, &json_,
                                      [this](std::string*) { return Flush(kFlushedBytes); });
  }
  size_t count() const { return count_; }

  // Of the visit that added the traces; also ends the answer.
  void End(const Status& visit, std::vector<LegacyProblem> problems = {}) {
    if (!visit.ok()) return sink_.Fail(LegacyFailure(visit));
    AddLegacyDamage(context_, &problems);
    json_ += std::string_view(LegacyEnvelope("[]", 0, problems)).substr(kTracesBegin.size());
    const Status status = is_pretty_ ? sink_.Write(IndentJson(json_, 4)) : Flush(0);
    if (status.ok()) sink_.Finish();
  }

 private:
  static constexpr size_t kFlushedBytes = 64 << 10;

  Status Flush(size_t at_least) {
    if (is_pretty_) {
      // Pretty text is a few times as long.
      const size_t wanted = 4 * json_.size();
      if (wanted <= reserved_) return {};
      reserved_ += wanted;
      return pretty_memory_.Grow(wanted);
    }
    if (json_.size() < at_least) return {};
    Status status = sink_.Write(json_);
    json_.clear();
    return status;
  }

  const storage::QueryContext& context_;
  ResponseSink& sink_;
  storage::QueryMemory pretty_memory_;
  const bool is_pretty_;
  std::string json_;  // what has not gone out
  size_t reserved_ = 0;
  size_t count_ = 0;
};

// Jaeger's model has no word for an unspecified kind.
std::string_view KindName(span::SpanKind kind) {
  return kind == span::SpanKind::kUnspecified ? std::string_view() : span::SpanKindName(kind);
}

// Jaeger prints a trace id in 16 digits when the upper half is zero.
std::string JaegerTraceIdText(const span::TraceId& id) {
  const std::string hex = id.ToHex();
  const bool is_short = hex.find_first_not_of('0') >= 16;
  return is_short ? hex.substr(16) : hex;
}

// The places of the spans of each trace, in the order in which the traces begin.
std::vector<std::vector<uint32_t>> ByTrace(const span::SpanChunk& document) {
  std::map<span::TraceId, size_t> places;
  std::vector<std::vector<uint32_t>> traces;
  for (uint32_t i = 0; i < document.spans.size(); ++i) {
    const auto [place, is_new] = places.try_emplace(document.spans[i].trace_id, traces.size());
    if (is_new) traces.emplace_back();
    traces[place->second].push_back(i);
  }
  return traces;
}

// Some spans of a document, with the scopes and resources that they have and no others.
span::SpanBatch SpansOf(const span::SpanChunk& document, const std::vector<uint32_t>& spans) {
  auto chunk = std::make_shared<span::SpanChunk>();
  chunk->buffer = document.buffer;
  std::map<uint32_t, uint32_t> scopes;
  std::map<uint32_t, uint32_t> resources;
  for (const uint32_t place : spans) {
    span::SpanEntry& span = chunk->spans.emplace_back(document.spans[place]);
    const auto [scope, is_new] = scopes.try_emplace(span.scope, chunk->scopes.size());
    if (is_new) {
      span::ScopeEntry& entry = chunk->scopes.emplace_back(document.scopes[span.scope]);
      const auto [resource, is_new_resource] =
          resources.try_emplace(entry.resource, chunk->resources.size());
      if (is_new_resource) chunk->resources.push_back(document.resources[entry.resource]);
      entry.resource = resource->second;
    }
    span.scope = scope->second;
  }
  return span::SpanBatch(std::move(chunk));
}

class LegacyApi {
 public:
  explicit LegacyApi(const ServiceContext& context) : context_(context) {}

  net::Response GetServices(const RoutedRequest& request) const {
    const auto services = context_.reader.Services(request.context);
    if (!services.ok()) return LegacyFailure(services.status());
    return AnswerNames(request, *services);
  }

  net::Response GetServiceOperations(const RoutedRequest& request) const {
    // Jaeger unescapes the name once more, as a query. As it is it comes first, so that services
    // named `a+b` and `a%20b` have their operations.
    const std::string name(request.PathParameter("service"));
    auto operations = context_.reader.Operations(request.context, name);
    const std::string unescaped = net::PercentDecode(name, true);
    if (operations.ok() && operations->empty() && unescaped != name) {
      operations = context_.reader.Operations(request.context, unescaped);
    }
    if (!operations.ok()) return LegacyFailure(operations.status());
    std::set<std::string> names;
    for (const auto& operation : *operations) names.insert(operation.name);
    return AnswerNames(request, names);
  }

  net::Response GetOperations(const RoutedRequest& request) const {
    const std::string_view service = request.parameters.Get("service");
    if (service.empty()) return LegacyFailure(400, "parameter 'service' is required");
    const std::string kind = base::LowerCase(request.parameters.Get("spanKind"));
    const auto operations = context_.reader.Operations(request.context, service);
    if (!operations.ok()) return LegacyFailure(operations.status());
    std::string data;
    JsonWriter json(&data);
    size_t count = 0;
    json.OpenArray();
    for (const auto& operation : *operations) {
      if (!kind.empty() && kind != span::SpanKindName(operation.kind)) continue;
      ++count;
      json.OpenObject();
      TextField("name", operation.name, &json);
      TextField("spanKind", KindName(operation.kind), &json);
      json.CloseObject();
    }
    json.CloseArray();
    return LegacyAnswer(request, data, count);
  }

  void SearchTraces(const RoutedRequest& request, ResponseSink& sink) const {
    const std::vector<std::string_view> ids = request.parameters.All("traceID");
    if (!ids.empty()) return GetTracesById(request, ids, sink);
    const auto search = ParseLegacySearch(request.parameters, context_.clock.NowUnixNano());
    if (!search.ok()) return sink.Fail(LegacyFailure(search.status()));
    const auto raw = request.parameters.Truth(kRaw);
    if (!raw.ok()) return sink.Fail(LegacyFailure(raw.status()));
    TracesAnswer answer(request, sink);
    answer.End(query::SearchAndVisitTraces(
        request.context, context_.reader, *search,
        Adjusted(request.context, *raw,
                 [&answer](query::LoadedTrace&& trace) { return answer.Add(trace.spans); })));
  }

  void GetTrace(const RoutedRequest& request, ResponseSink& sink) const {
    const auto id = ParseLegacyTraceId(request.PathParameter("traceId"));
    if (!id.ok()) return sink.Fail(LegacyFailure(id.status()));
    const auto raw = request.parameters.Truth(kRaw);
    if (!raw.ok()) return sink.Fail(LegacyFailure(raw.status()));
    TracesAnswer answer(request, sink);
    const Status status = query::VisitTraces(
        request.context, context_.reader, {*id},
        Adjusted(request.context, *raw,
                 [&answer](query::LoadedTrace&& trace) { return answer.Add(trace.spans); }));
    if (status.ok() && answer.count() == 0) return sink.Fail(LegacyFailure(404, "trace not found"));
    answer.End(status);
  }

  // The traces of an OTLP/JSON document, which are not stored.
  void Transform(const RoutedRequest& request, ResponseSink& sink) const {
    storage::QueryMemory memory(request.context);
    const Status room = memory.Grow(kTransformFactor * request.body.size());
    if (!room.ok()) return sink.Fail(LegacyFailure(room));
    const auto decoded = wire::DecodeOtlpJson(request.body);
    if (!decoded.ok()) return sink.Fail(LegacyFailure(decoded.status()));
    TracesAnswer answer(request, sink);
    std::vector<LegacyProblem> problems;
    if (decoded->rejected_spans > 0) problems.push_back({400, decoded->rejected_reason, {}});
    Status status;
    for (const std::vector<uint32_t>& spans : ByTrace(*decoded->chunk)) {
      auto adjusted = AdjustTrace(request.context, SpansOf(*decoded->chunk, spans));
      status = adjusted.ok() ? answer.Add(*adjusted) : adjusted.status();
      if (!status.ok()) break;
    }
    answer.End(status, std::move(problems));
  }

  net::Response GetDependencies(const RoutedRequest& request) const {
    const auto range = ParseLegacyDependencyRange(request.parameters, context_.clock.NowUnixNano());
    if (!range.ok()) return LegacyFailure(range.status());
    const auto calls = context_.reader.Dependencies(request.context, *range);
    if (!calls.ok()) return LegacyFailure(calls.status());
    const std::string_view service = request.parameters.Get("service");
    std::string data;
    JsonWriter json(&data);
    json.OpenArray();
    for (const auto& call : *calls) {
      if (!service.empty() && call.parent != service && call.child != service) continue;
      json.OpenObject();
      TextField("parent", call.parent, &json);
      TextField("child", call.child, &json);
      UintField("callCount", call.call_count, &json);
      json.CloseObject();
    }
    json.CloseArray();
    return LegacyAnswer(request, data, 0);
  }

 private:
  template <typename Names>
  static net::Response AnswerNames(const RoutedRequest& request, const Names& names) {
    std::string data;
    JsonWriter json(&data);
    json.OpenArray();
    for (const std::string& name : names) json.String(name);
    json.CloseArray();
    return LegacyAnswer(request, data, names.size());
  }

  void GetTracesById(const RoutedRequest& request, const std::vector<std::string_view>& texts,
                     ResponseSink& sink) const {
    if (texts.size() > kMaxJaegerTraces) return sink.Fail(LegacyFailure(400, "too many trace ids"));
    std::vector<span::TraceId> ids;
    for (const std::string_view text : texts) {
      const auto id = ParseLegacyTraceId(text);
      if (!id.ok()) return sink.Fail(LegacyFailure(id.status()));
      ids.push_back(*id);
    }
    const auto raw = request.parameters.Truth(kRaw);
    if (!raw.ok()) return sink.Fail(LegacyFailure(raw.status()));
    TracesAnswer answer(request, sink);
    std::set<span::TraceId> found;
    const Status status =
        query::VisitTraces(request.context, context_.reader, ids,
                           Adjusted(request.context, *raw, [&](query::LoadedTrace&& trace) {
                             found.insert(trace.trace_id);
                             return answer.Add(trace.spans);
                           }));
    std::vector<LegacyProblem> problems;
    for (const span::TraceId& id : ids) {
      if (!found.contains(id)) problems.push_back({404, "trace not found", JaegerTraceIdText(id)});
    }
    answer.End(status, std::move(problems));
  }

  const ServiceContext& context_;
};

}  // namespace

void AddJaegerLegacyApi(const ServiceContext& context, Router* router) {
  const auto api = std::make_shared<const LegacyApi>(context);
  using Method = net::Response (LegacyApi::*)(const RoutedRequest&) const;
  const auto get = [&](std::string_view path, Method method, Cost cost) {
    router->Get(
        path, [api, method](const RoutedRequest& request) { return ((*api).*method)(request); },
        cost);
  };
  get("/api/services", &LegacyApi::GetServices, Cost::kQuick);
  get("/api/services/{service}/operations", &LegacyApi::GetServiceOperations, Cost::kQuick);
  get("/api/operations", &LegacyApi::GetOperations, Cost::kQuick);
  get("/api/dependencies", &LegacyApi::GetDependencies, Cost::kLong);
  using StreamMethod = void (LegacyApi::*)(const RoutedRequest&, ResponseSink&) const;
  const auto get_stream = [&](std::string_view path, StreamMethod method, Cost cost) {
    router->GetStream(
        path,
        [api, method](const RoutedRequest& request, ResponseSink& sink) {
          ((*api).*method)(request, sink);
        },
        cost);
  };
  get_stream("/api/traces", &LegacyApi::SearchTraces, Cost::kLong);
  get_stream("/api/traces/{traceId}", &LegacyApi::GetTrace, Cost::kQuick);
  router->PostStream(
      "/api/transform",
      [api](const RoutedRequest& request, ResponseSink& sink) { api->Transform(request, sink); },
      kMaxTransformBytes);
}

}  // namespace spandrel::api
