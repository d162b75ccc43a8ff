// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/http/legacy_api.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/http/json_text.h"
#include "api/http/responses.h"
#include "api/http/router.h"
#include "api/http/service_context.h"
#include "api/jaeger/http/legacy_parameters.h"
#include "base/ascii.h"
#include "query/trace_search.h"
#include "wire/jaeger/jaeger_json.h"

namespace spandrel::api {
namespace {

using base::Status;
using wire::JsonWriter;

struct Problem {
  int code = 500;
  std::string message;
  std::string trace_id;  // empty: not about one trace
};

void WriteProblems(const std::vector<Problem>& problems, JsonWriter* json) {
  json->Key("errors");
  if (problems.empty()) return json->Null();
  json->OpenArray();
  for (const Problem& problem : problems) {
    json->OpenObject();
    UintField("code", static_cast<uint64_t>(problem.code), json);
    TextField("msg", problem.message, json);
    if (!problem.trace_id.empty()) TextField("traceID", problem.trace_id, json);
    json->CloseObject();
  }
  json->CloseArray();
}

// What every answer of this API is wrapped in.
std::string Envelope(std::string_view data, size_t total, const std::vector<Problem>& problems) {
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  json.Key("data");
  json.Raw(data);
  UintField("total", total, &json);
  UintField("limit", 0, &json);
  UintField("offset", 0, &json);
  WriteProblems(problems, &json);
  json.CloseObject();
  return text;
}

bool WantsPretty(const Parameters& parameters) {
  const std::string_view pretty = parameters.Get("prettyPrint");
  return !pretty.empty() && pretty != "false";
}

// What makes an answer partial, though it is one.
void AddDamage(const storage::QueryContext& context, std::vector<Problem>* problems) {
  const uint64_t spans = context.unreadable_spans();
  if (spans == 0) return;
  problems->push_back({206,
                       std::to_string(spans) + " spans are damaged where they are stored; those "
                                               "that belong here are left out",
                       {}});
}

net::Response Answer(const RoutedRequest& request, std::string_view data, size_t total) {
  std::vector<Problem> problems;
  AddDamage(request.context, &problems);
  std::string body = Envelope(data, total, problems);
  if (WantsPretty(request.parameters)) body = IndentJson(body, 4);
  return JsonResponse(std::move(body));
}

// As Go's http.Error writes it: JSON that is called text.
net::Response Fail(int http_status, std::string message) {
  return MakeResponse(http_status, kTextType,
                      Envelope("null", 0, {{http_status, std::move(message), {}}}) + "\n");
}

net::Response Fail(const Status& status) {
  net::Response response = Fail(HttpStatusOfQuery(status), status.message());
  if (status.retry_after()) response.headers.emplace_back("retry-after", "1");
  return response;
}

constexpr std::string_view kTracesBegin = R"({"data":[)";

// An answer of whole traces, written as they come. Only what is to be pretty is whole in memory
// first, reserved from the query's.
class TracesAnswer {
 public:
  TracesAnswer(const RoutedRequest& request, ResponseSink& sink)
      : context_(request.context),
        sink_(sink),
        pretty_memory_(request.context),
        is_pretty_(WantsPretty(request.parameters)),
        json_(kTracesBegin) {
    sink_.Start(200, {{"content-type", std::string(kJsonType)}});
  }

  Status Add(const query::LoadedTrace& trace) {
    if (count_++ > 0) json_ += ',';
    return wire::WriteJaegerTraceJson(trace.spans, &json_,
                                      [this](std::string*) { return Flush(kFlushedBytes); });
  }
  size_t count() const { return count_; }

  // Of the visit that added the traces; also ends the answer.
  void End(const Status& visit, std::vector<Problem> problems = {}) {
    if (!visit.ok()) return sink_.Fail(Fail(visit));
    AddDamage(context_, &problems);
    json_ += std::string_view(Envelope("[]", 0, problems)).substr(kTracesBegin.size());
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

class LegacyApi {
 public:
  explicit LegacyApi(const ServiceContext& context) : context_(context) {}

  net::Response GetServices(const RoutedRequest& request) const {
    const auto services = context_.reader.Services(request.context);
    if (!services.ok()) return Fail(services.status());
    return AnswerNames(request, *services);
  }

  net::Response GetServiceOperations(const RoutedRequest& request) const {
    // Jaeger unescapes the name once more, as a query.
    const std::string service = net::PercentDecode(request.PathParameter("service"), true);
    const auto operations = context_.reader.Operations(request.context, service);
    if (!operations.ok()) return Fail(operations.status());
    std::set<std::string> names;
    for (const auto& operation : *operations) names.insert(operation.name);
    return AnswerNames(request, names);
  }

  net::Response GetOperations(const RoutedRequest& request) const {
    const std::string_view service = request.parameters.Get("service");
    if (service.empty()) return Fail(400, "parameter 'service' is required");
    const std::string kind = base::LowerCase(request.parameters.Get("spanKind"));
    const auto operations = context_.reader.Operations(request.context, service);
    if (!operations.ok()) return Fail(operations.status());
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
    return Answer(request, data, count);
  }

  void SearchTraces(const RoutedRequest& request, ResponseSink& sink) const {
    const std::vector<std::string_view> ids = request.parameters.All("traceID");
    if (!ids.empty()) return GetTracesById(request, ids, sink);
    const auto search = ParseLegacySearch(request.parameters, context_.clock.NowUnixNano());
    if (!search.ok()) return sink.Fail(Fail(search.status()));
    TracesAnswer answer(request, sink);
    answer.End(query::SearchAndVisitTraces(
        request.context, context_.reader, *search,
        [&answer](query::LoadedTrace&& trace) { return answer.Add(trace); }));
  }

  void GetTrace(const RoutedRequest& request, ResponseSink& sink) const {
    const auto id = ParseLegacyTraceId(request.PathParameter("traceId"));
    if (!id.ok()) return sink.Fail(Fail(id.status()));
    TracesAnswer answer(request, sink);
    const Status status =
        query::VisitTraces(request.context, context_.reader, {*id},
                           [&answer](query::LoadedTrace&& trace) { return answer.Add(trace); });
    if (status.ok() && answer.count() == 0) return sink.Fail(Fail(404, "trace not found"));
    answer.End(status);
  }

  net::Response GetDependencies(const RoutedRequest& request) const {
    const auto range = ParseLegacyDependencyRange(request.parameters, context_.clock.NowUnixNano());
    if (!range.ok()) return Fail(range.status());
    const auto calls = context_.reader.Dependencies(request.context, *range);
    if (!calls.ok()) return Fail(calls.status());
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
    return Answer(request, data, 0);
  }

 private:
  template <typename Names>
  static net::Response AnswerNames(const RoutedRequest& request, const Names& names) {
    std::string data;
    JsonWriter json(&data);
    json.OpenArray();
    for (const std::string& name : names) json.String(name);
    json.CloseArray();
    return Answer(request, data, names.size());
  }

  void GetTracesById(const RoutedRequest& request, const std::vector<std::string_view>& texts,
                     ResponseSink& sink) const {
    if (texts.size() > kMaxJaegerTraces) return sink.Fail(Fail(400, "too many trace ids"));
    std::vector<span::TraceId> ids;
    for (const std::string_view text : texts) {
      const auto id = ParseLegacyTraceId(text);
      if (!id.ok()) return sink.Fail(Fail(id.status()));
      ids.push_back(*id);
    }
    TracesAnswer answer(request, sink);
    std::set<span::TraceId> found;
    const Status status =
        query::VisitTraces(request.context, context_.reader, ids, [&](query::LoadedTrace&& trace) {
          found.insert(trace.trace_id);
          return answer.Add(trace);
        });
    std::vector<Problem> problems;
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
}

}  // namespace spandrel::api
