// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/http/metrics_api.h"

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/json_text.h"
#include "api/http/responses.h"
#include "api/http/router.h"
#include "api/http/service_context.h"
#include "api/jaeger/http/legacy_answer.h"
#include "api/jaeger/http/legacy_parameters.h"
#include "base/time_text.h"
#include "query/service_metrics.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using wire::JsonWriter;

constexpr double kNanosPerMilli = 1e6;
// The shortest step that makes sense; the page does not ask for less.
constexpr uint64_t kMinStepMillis = 1;
// What a point takes as text, about.
constexpr size_t kPointTextBytes = 112;

// What one of the three questions is about.
struct Figure {
  std::string_view name;  // after `service_` or `service_operation_`
  std::string_view help;
  double (*value)(const query::ServicePoint&);
};

constexpr Figure kLatencies = {"latencies", "quantile of the duration of calls, in ms",
                               [](const query::ServicePoint& point) {
                                 return static_cast<double>(point.latency_nano) / kNanosPerMilli;
                               }};
constexpr Figure kCalls = {"call_rate", "calls/sec",
                           [](const query::ServicePoint& point) { return point.calls_per_second; }};
constexpr Figure kErrors = {"error_rate", "share of the calls that failed, 0 to 1",
                            [](const query::ServicePoint& point) { return point.error_share; }};

void WriteLabel(std::string_view name, std::string_view value, JsonWriter* json) {
  json->OpenObject();
  TextField("name", name, json);
  TextField("value", value, json);
  json->CloseObject();
}

void WriteSeries(const query::ServiceSeries& series, bool by_operation, const Figure& figure,
                 JsonWriter* json) {
  json->OpenObject();
  json->Key("labels");
  json->OpenArray();
  if (by_operation) WriteLabel("operation", series.operation, json);
  WriteLabel("service_name", series.service, json);
  json->CloseArray();
  json->Key("metricPoints");
  json->OpenArray();
  for (const query::ServicePoint& point : series.points) {
    json->OpenObject();
    json->Key("gaugeValue");
    json->OpenObject();
    json->Key("doubleValue");
    json->Double(figure.value(point));
    json->CloseObject();
    TextField("timestamp", base::Rfc3339Text(point.time_unix_nano), json);
    json->CloseObject();
  }
  json->CloseArray();
  json->CloseObject();
}

// A MetricFamily (jaeger.api_v2.metrics, openmetrics.proto) in protobuf's JSON.
std::string FamilyJson(const std::vector<query::ServiceSeries>& all, bool by_operation,
                       const Figure& figure) {
  std::string text;
  JsonWriter json(&text);
  json.OpenObject();
  const std::string_view prefix = by_operation ? "service_operation_" : "service_";
  TextField("name", fmt::format("{}{}", prefix, figure.name), &json);
  TextField("type", "GAUGE", &json);
  TextField(
      "help",
      fmt::format("{}, grouped by service{}", figure.help, by_operation ? " & operation" : ""),
      &json);
  json.Key("metrics");
  json.OpenArray();
  for (const auto& series : all) WriteSeries(series, by_operation, figure, &json);
  json.CloseArray();
  json.CloseObject();
  return text;
}

Result<double> QuantileOf(const Parameters& parameters) {
  const std::string_view text = parameters.Get("quantile");
  double quantile = -1;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, quantile);
  if (error == std::errc() && at == end && quantile >= 0 && quantile <= 1) return quantile;
  return Status(StatusCode::kInvalidArgument,
                "unable to parse param 'quantile': expected a number from 0 to 1");
}

net::Response Answer(const storage::QueryContext& context, storage::Reader& reader,
                     const Result<query::ServiceMetricsRequest>& request, const Figure& figure) {
  if (!request.ok()) return LegacyFailure(request.status());
  const auto series = query::ServiceMetrics(context, reader, *request);
  if (!series.ok()) return LegacyFailure(series.status());
  size_t points = 0;
  for (const auto& one : *series) points += one.points.size();
  storage::QueryMemory memory(context);
  const Status room = memory.Grow(points * kPointTextBytes);
  if (!room.ok()) return LegacyFailure(room);
  return JsonResponse(FamilyJson(*series, request->by_operation, figure));
}

}  // namespace

void AddJaegerMetricsApi(const ServiceContext& context, Router* router) {
  router->Get("/api/metrics/latencies", [&context](const RoutedRequest& request) {
    auto question = ParseLegacyMetrics(request.parameters, context.clock.NowUnixNano());
    const auto quantile = QuantileOf(request.parameters);
    if (!quantile.ok()) return LegacyFailure(quantile.status());
    if (question.ok()) question->quantile = *quantile;
    return Answer(request.context, context.reader, question, kLatencies);
  });
  const auto add = [&](std::string_view path, const Figure& figure) {
    router->Get(path, [&context, &figure](const RoutedRequest& request) {
      const auto question = ParseLegacyMetrics(request.parameters, context.clock.NowUnixNano());
      return Answer(request.context, context.reader, question, figure);
    });
  };
  add("/api/metrics/calls", kCalls);
  add("/api/metrics/errors", kErrors);
  router->Get(
      "/api/metrics/minstep",
      [](const RoutedRequest& request) {
        return LegacyAnswer(request, std::to_string(kMinStepMillis), 0);
      },
      Cost::kQuick);
}

}  // namespace spandrel::api
