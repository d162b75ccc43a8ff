// SPDX-License-Identifier: Apache-2.0
#include "api/ui/ui_api.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/http/cursor_text.h"
#include "api/http/json_text.h"
#include "api/http/otlp_stream.h"
#include "api/http/responses.h"
#include "api/http/router.h"
#include "api/http/service_context.h"
#include "api/ui/filter_parameters.h"
#include "api/ui/span_json.h"
#include "api/ui/summaries_json.h"
#include "api/ui/trace_columns.h"
#include "query/overview.h"
#include "query/service_map.h"
#include "query/trace_layout.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using wire::JsonWriter;

constexpr uint64_t kMaxSearchLimit = 5'000;
constexpr uint64_t kMaxListLimit = 10'000;

std::string_view ScopeName(storage::AttributeScope scope) {
  switch (scope) {
    case storage::AttributeScope::kResource:
      return "resource";
    case storage::AttributeScope::kInstrumentation:
      return "scope";
    case storage::AttributeScope::kEvent:
      return "event";
    case storage::AttributeScope::kLink:
      return "link";
    case storage::AttributeScope::kSpan:
    case storage::AttributeScope::kAny:
    case storage::AttributeScope::kUnscoped:
      break;
  }
  return "span";
}

std::optional<storage::AttributeScope> ParseScope(std::string_view name) {
  for (const auto scope : {storage::AttributeScope::kSpan, storage::AttributeScope::kResource,
                           storage::AttributeScope::kInstrumentation,
                           storage::AttributeScope::kEvent, storage::AttributeScope::kLink}) {
    if (ScopeName(scope) == name) return scope;
  }
  return std::nullopt;
}

Result<storage::Order> ParseOrder(std::string_view text) {
  if (text.empty() || text == "newest") return storage::Order::kNewest;
  if (text == "slowest") return storage::Order::kSlowest;
  return Status(StatusCode::kInvalidArgument, "sort: expected newest or slowest");
}

// The sum over all label sets; with or without Prometheus's suffix.
uint64_t SumOf(const std::vector<base::MetricSample>& samples, std::string_view name) {
  double sum = 0;
  for (const auto& sample : samples) {
    if (sample.name == name || sample.name == std::string(name) + "_total") sum += sample.value;
  }
  return static_cast<uint64_t>(sum);
}

void WriteMetric(const base::MetricSample& sample, JsonWriter* json) {
  json->OpenObject();
  TextField("name", sample.name, json);
  json->Key("labels");
  json->OpenObject();
  for (const auto& [key, value] : sample.labels) {
    json->EscapedKey(key);
    json->String(value);
  }
  json->CloseObject();
  json->Key("value");
  json->Double(sample.value);
  json->CloseObject();
}

void WriteOperation(const storage::Operation& operation, JsonWriter* json) {
  json->OpenObject();
  TextField("name", operation.name, json);
  TextField("kind", span::SpanKindName(operation.kind), json);
  json->CloseObject();
}

void WriteAttributeName(const storage::AttributeName& name, JsonWriter* json) {
  json->OpenObject();
  TextField("scope", ScopeName(name.scope), json);
  TextField("key", name.key, json);
  json->CloseObject();
}

// `{"key":[...]}`.
template <typename Items, typename Write>
net::Response ListResponse(std::string_view key, const Result<Items>& items, Write write) {
  if (!items.ok()) return ErrorResponse(items.status());
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  json.Key(key);
  json.OpenArray();
  for (const auto& item : *items) write(item, &json);
  json.CloseArray();
  json.CloseObject();
  return JsonResponse(std::move(text));
}

void WriteText(const std::string& text, JsonWriter* json) {
  json->String(text);
}

// What a login of some tenants is not told.
void HideWhatIsOfAll(ServerStatus* status) {
  status->data_directory.clear();
  status->store_bytes = 0;
}

class UiApi {
 public:
  explicit UiApi(const ServiceContext& context) : context_(context) {}

  net::Response GetStatus(const RoutedRequest& request) const {
    ServerStatus status = context_.status();
    const bool sees_all = request.identity.access.tenants.empty();
    if (!sees_all) HideWhatIsOfAll(&status);
    const auto stored = StoredSpans(request.context, status);
    if (!stored.ok()) return ErrorResponse(stored.status());
    const std::vector<base::MetricSample> samples =
        sees_all ? context_.metrics.Collect() : std::vector<base::MetricSample>();
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    TextField("version", status.version, &json);
    DecimalField("acceptedSpans", SumOf(samples, "otelcol_receiver_accepted_spans"), &json);
    DecimalField("refusedSpans", SumOf(samples, "otelcol_receiver_refused_spans"), &json);
    DecimalField("storedSpans", *stored, &json);
    DecimalField("storeBytes", status.store_bytes, &json);
    TextField("dataDirectory", status.data_directory, &json);
    TextField("otlpGrpc", status.otlp_grpc, &json);
    TextField("otlpHttp", status.otlp_http, &json);
    DecimalField("nowNs", Now(), &json);
    json.Key("metrics");
    json.OpenArray();
    for (const auto& sample : samples) WriteMetric(sample, &json);
    json.CloseArray();
    WriteHealth(&json);
    json.CloseObject();
    return JsonResponse(std::move(text));
  }

  net::Response GetServices(const RoutedRequest& request) const {
    return ListResponse("services", context_.reader.Services(request.context), WriteText);
  }

  net::Response GetOperations(const RoutedRequest& request) const {
    const std::string_view service = request.parameters.Get("service");
    return ListResponse("operations", context_.reader.Operations(request.context, service),
                        WriteOperation);
  }

  net::Response GetAttributes(const RoutedRequest& request) const {
    const auto filter = ParsePageFilter(request.parameters, Now());
    if (!filter.ok()) return ErrorResponse(filter.status());
    const auto limit = request.parameters.Count("limit", 500, kMaxListLimit);
    if (!limit.ok()) return ErrorResponse(limit.status());
    return ListResponse("attributes",
                        context_.reader.TagNames(request.context, query::FilterPredicate(*filter),
                                                 filter->start_time, *limit),
                        WriteAttributeName);
  }

  net::Response GetAttributeValues(const RoutedRequest& request) const {
    const auto scope = ParseScope(request.parameters.Get("scope"));
    if (!scope) return ErrorResponse(400, "scope: expected span, resource, scope, event or link");
    const std::string key(request.parameters.Get("key"));
    if (key.empty()) return ErrorResponse(400, "key: missing");
    const auto filter = ParsePageFilter(request.parameters, Now());
    if (!filter.ok()) return ErrorResponse(filter.status());
    const auto limit = request.parameters.Count("limit", 100, kMaxListLimit);
    if (!limit.ok()) return ErrorResponse(limit.status());
    return ListResponse(
        "values",
        context_.reader.TagValues(request.context, storage::AttributeField{*scope, key},
                                  query::FilterPredicate(*filter), filter->start_time, *limit),
        WriteText);
  }

  net::Response Search(const RoutedRequest& request) const {
    const auto filter = ParsePageFilter(request.parameters, Now());
    if (!filter.ok()) return ErrorResponse(filter.status());
    const auto order = ParseOrder(request.parameters.Get("sort"));
    if (!order.ok()) return ErrorResponse(order.status());
    const auto limit = request.parameters.Count("limit", 20, kMaxSearchLimit);
    if (!limit.ok()) return ErrorResponse(limit.status());
    std::optional<storage::Cursor> after;
    if (const std::string_view text = request.parameters.Get("cursor"); !text.empty()) {
      const auto cursor = DecodeCursor(text, *order);
      if (!cursor.ok()) return ErrorResponse(cursor.status());
      after = *cursor;
    }
    const auto result = context_.reader.Search(
        request.context, query::MakeSearchRequest(*filter, *order, *limit, after));
    if (!result.ok()) return ErrorResponse(result.status());
    return JsonResponse(SearchResultJson(*result, *order));
  }

  net::Response GetOverview(const RoutedRequest& request) const {
    const auto filter = ParsePageFilter(request.parameters, Now());
    if (!filter.ok()) return ErrorResponse(filter.status());
    const auto columns = request.parameters.Count("columns", 120, query::kMaxOverviewColumns);
    if (!columns.ok()) return ErrorResponse(columns.status());
    const auto overview = query::LoadOverview(request.context, context_.reader, *filter, *columns);
    if (!overview.ok()) return ErrorResponse(overview.status());
    return JsonResponse(OverviewJson(*overview));
  }

  net::Response GetDependencies(const RoutedRequest& request) const {
    const auto range = ParsePageRange(request.parameters, Now());
    if (!range.ok()) return ErrorResponse(range.status());
    const auto map = query::LoadServiceMap(request.context, context_.reader, *range);
    if (!map.ok()) return ErrorResponse(map.status());
    return JsonResponse(ServiceMapJson(*map));
  }

  void GetTrace(const RoutedRequest& request, ResponseSink& sink) const {
    const auto trace_id = ParseTraceId(request.PathParameter("traceId"));
    storage::QueryMemory memory(request.context);
    const auto trace = LoadTrace(request, trace_id, &memory);
    if (!trace.ok()) return sink.Fail(ErrorResponse(trace.status()));
    const Status fits = memory.Grow(trace->span_count() * kLayoutBytesPerSpan);
    if (!fits.ok()) return sink.Fail(ErrorResponse(fits));
    sink.Start(200, {{"content-type", std::string(kTraceColumnsType)}});
    const Status status =
        WriteTraceColumns(*trace_id, query::LayOutTrace(*trace),
                          [&sink](std::string_view bytes) { return sink.Write(bytes); });
    if (status.ok()) sink.Finish();
  }

  net::Response GetSpan(const RoutedRequest& request) const {
    storage::QueryMemory memory(request.context);
    const auto trace = LoadTrace(request, ParseTraceId(request.PathParameter("traceId")), &memory);
    if (!trace.ok()) return ErrorResponse(trace.status());
    const auto span_id = ParseSpanId(request.PathParameter("spanId"));
    if (!span_id) return ErrorResponse(400, "span id: expected up to 16 hexadecimal digits");
    std::optional<span::SpanRef> found;
    span::ForEachSpan(*trace, [&](const span::SpanRef& span) {
      if (!found && span.entry().span_id == *span_id) found = span;
    });
    if (!found) return ErrorResponse(404, "span not found");
    return JsonResponse(SpanDetailsJson(*found));
  }

  void GetOtlp(const RoutedRequest& request, ResponseSink& sink) const {
    const auto trace_id = ParseTraceId(request.PathParameter("traceId"));
    storage::QueryMemory memory(request.context);
    auto trace = LoadTrace(request, trace_id, &memory);
    if (!trace.ok()) return sink.Fail(ErrorResponse(trace.status()));
    sink.Start(200, {{"content-type", std::string(kJsonType)},
                     {"content-disposition",
                      "attachment; filename=\"trace-" + trace_id->ToHex() + ".json\""}});
    OtlpJsonStream otlp(sink);
    if (otlp.Add(std::move(*trace)).ok() && otlp.End().ok()) sink.Finish();
  }

 private:
  uint64_t Now() const { return context_.clock.NowUnixNano(); }

  void WriteHealth(JsonWriter* json) const {
    const auto components = context_.health == nullptr ? std::vector<base::ComponentHealth>()
                                                       : context_.health->Collect();
    json->Key("health");
    json->OpenArray();
    for (const auto& [component, health] : components) {
      json->OpenObject();
      TextField("component", component, json);
      TextField("level", base::HealthLevelName(health.level), json);
      TextField("message", health.message, json);
      json->CloseObject();
    }
    json->CloseArray();
  }

  // Of the tenants, or of the only one there is.
  Result<uint64_t> StoredSpans(const storage::QueryContext& context,
                               const ServerStatus& status) const {
    if (context.tenants().empty()) return status.stored_spans;
    const auto counted = context_.reader.Aggregate(context, {});
    if (!counted.ok()) return counted.status();
    uint64_t spans = 0;
    for (const auto& series : counted->series) {
      for (const auto& bucket : series.buckets) spans += bucket.count;
    }
    return spans;
  }

  Result<span::SpanBatch> LoadTrace(const RoutedRequest& request,
                                    const std::optional<span::TraceId>& trace_id,
                                    storage::QueryMemory* memory) const {
    if (!trace_id) {
      return Status(StatusCode::kInvalidArgument, "trace id: expected up to 32 hexadecimal digits");
    }
    auto trace = context_.reader.GetTrace(request.context, *trace_id);
    if (trace.ok()) SPANDREL_RETURN_IF_ERROR(memory->Grow(trace->byte_size()));
    return trace;
  }

  const ServiceContext& context_;
};

}  // namespace

void AddUiApi(const ServiceContext& context, Router* router) {
  const auto api = std::make_shared<const UiApi>(context);
  using Method = net::Response (UiApi::*)(const RoutedRequest&) const;
  const auto get = [&](std::string_view path, Method method, Cost cost = Cost::kLong) {
    router->Get(
        "/api/ui/v1" + std::string(path),
        [api, method](const RoutedRequest& request) { return ((*api).*method)(request); }, cost);
  };
  get("/status", &UiApi::GetStatus, Cost::kQuick);
  get("/services", &UiApi::GetServices, Cost::kQuick);
  get("/operations", &UiApi::GetOperations, Cost::kQuick);
  get("/attributes", &UiApi::GetAttributes);
  get("/attribute-values", &UiApi::GetAttributeValues);
  get("/search", &UiApi::Search);
  get("/overview", &UiApi::GetOverview);
  get("/dependencies", &UiApi::GetDependencies);
  get("/trace/{traceId}/spans/{spanId}", &UiApi::GetSpan, Cost::kQuick);
  using StreamMethod = void (UiApi::*)(const RoutedRequest&, ResponseSink&) const;
  const auto get_stream = [&](std::string_view path, StreamMethod method) {
    router->GetStream(
        "/api/ui/v1" + std::string(path),
        [api, method](const RoutedRequest& request, ResponseSink& sink) {
          ((*api).*method)(request, sink);
        },
        Cost::kQuick);
  };
  get_stream("/trace/{traceId}", &UiApi::GetTrace);
  get_stream("/trace/{traceId}/otlp", &UiApi::GetOtlp);
}

}  // namespace spandrel::api
