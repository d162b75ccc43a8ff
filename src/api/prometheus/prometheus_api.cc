// SPDX-License-Identifier: Apache-2.0
#include "api/prometheus/prometheus_api.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/http/json_text.h"
#include "api/http/responses.h"
#include "api/prometheus/prometheus_json.h"
#include "api/prometheus/prometheus_parameters.h"
#include "promql/parse.h"
#include "query/promql/evaluate.h"
#include "query/promql/list_series.h"
#include "query/promql/scraped_counters.h"
#include "query/promql/span_metrics.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using wire::JsonWriter;

constexpr size_t kFlushedBytes = 64 << 10;
// Clients see by the version what they may ask: matchers for labels, POST, native histograms.
constexpr std::string_view kAnsweredVersion = "2.55.0";

enum class Form : bool { kInstant, kRange };

// An answer that goes out as it is written.
class Answer {
 public:
  Answer(const RoutedRequest& request, ResponseSink& sink) : request_(request), sink_(sink) {
    sink.Start(200, {{"content-type", std::string(kJsonType)}});
    OpenPrometheusAnswer(&json_);
  }

  JsonWriter& json() { return json_; }
  // False when nobody reads any more.
  bool Flush() {
    if (text_.size() < kFlushedBytes) return true;
    const bool is_read = sink_.Write(text_).ok();
    text_.clear();
    return is_read;
  }
  void Finish(bool limited) {
    ClosePrometheusAnswer(request_.context, limited, &json_);
    if (sink_.Write(text_).ok()) sink_.Finish();
  }

 private:
  const RoutedRequest& request_;
  ResponseSink& sink_;
  std::string text_;
  JsonWriter json_{&text_};
};

class PrometheusApi {
 public:
  explicit PrometheusApi(const ServiceContext& context) : context_(context) {}

  void Query(const RoutedRequest& request, Form form, ResponseSink& sink) const {
    const Parameters parameters = FormParameters(request);
    const auto points =
        form == Form::kRange ? PrometheusRange(parameters) : PrometheusInstant(parameters, Now());
    if (!points.ok()) return sink.Fail(PrometheusError(points.status()));
    const auto limit = PrometheusLimit(parameters);
    if (!limit.ok()) return sink.Fail(PrometheusError(limit.status()));
    auto query = promql::Parse(parameters.Get("query"));
    if (!query.ok()) {
      const Status status = query.status().Annotate("invalid parameter \"query\"");
      return sink.Fail(PrometheusError(status));
    }
    if (form == Form::kRange && query->root().type == promql::ValueType::kText) {
      return sink.Fail(PrometheusError(
          {base::StatusCode::kInvalidArgument, "a text has no values over a range of time"}));
    }
    storage::QueryMemory memory(request.context);
    auto value = query::Evaluate(request.context, context_.reader, *query, *points, &memory);
    if (!value.ok()) return sink.Fail(PrometheusError(value.status()));
    WriteValue(request, *value, *points, form, *limit, sink);
  }

  void Series(const RoutedRequest& request, ResponseSink& sink) const {
    const Parameters parameters = FormParameters(request);
    const auto limit = PrometheusLimit(parameters);
    if (!limit.ok()) return sink.Fail(PrometheusError(limit.status()));
    const auto listed = PrometheusListed(parameters, Now());
    if (!listed.ok()) return sink.Fail(PrometheusError(listed.status()));
    if (listed->selectors.empty()) {
      return sink.Fail(
          PrometheusError({base::StatusCode::kInvalidArgument, "no match[] parameter provided"}));
    }
    const auto series = query::ListSeries(request.context, context_.reader, *listed);
    if (!series.ok()) return sink.Fail(PrometheusError(series.status()));
    Answer answer(request, sink);
    answer.json().OpenArray();
    for (size_t i = 0; i < std::min(*limit, series->size()); ++i) {
      WritePromLabels((*series)[i], &answer.json());
      if (!answer.Flush()) return;
    }
    answer.json().CloseArray();
    answer.Finish(series->size() > *limit);
  }

  net::Response Labels(const RoutedRequest& request) const {
    return TextsOf(request, [&](const query::ListedSeries& listed) {
      return query::ListLabels(request.context, listed);
    });
  }

  net::Response Values(const RoutedRequest& request) const {
    return TextsOf(request, [&](const query::ListedSeries& listed) {
      return query::ListValues(request.context, context_.reader, listed,
                               request.PathParameter("name"));
    });
  }

  net::Response Metadata(const RoutedRequest& request) const {
    const std::string_view wanted = request.parameters.Get("metric");
    const auto limit = PrometheusLimit(request.parameters);
    if (!limit.ok()) return PrometheusError(limit.status());
    std::string text;
    JsonWriter json(&text);
    OpenPrometheusAnswer(&json);
    json.OpenObject();
    size_t listed = 0;
    for (const query::SpanMetric& metric : query::AllSpanMetrics()) {
      if (!query::IsWholeMetric(metric) || listed == *limit) continue;
      if (!wanted.empty() && metric.name != wanted) continue;
      ++listed;
      WriteMetadata(metric, &json);
    }
    json.CloseObject();
    ClosePrometheusAnswer(request.context, /*limited=*/false, &json);
    return JsonResponse(std::move(text));
  }

  net::Response BuildInfo(const RoutedRequest& request) const {
    std::string text;
    JsonWriter json(&text);
    OpenPrometheusAnswer(&json);
    json.OpenObject();
    TextField("version", kAnsweredVersion, &json);
    TextField("revision", "spandrel " + context_.status().version, &json);
    for (const char* unknown : {"branch", "buildUser", "buildDate", "goVersion"}) {
      TextField(unknown, "", &json);
    }
    json.CloseObject();
    ClosePrometheusAnswer(request.context, /*limited=*/false, &json);
    return JsonResponse(std::move(text));
  }

  // There are none.
  static net::Response Rules(const RoutedRequest& request) {
    std::string text;
    JsonWriter json(&text);
    OpenPrometheusAnswer(&json);
    json.Raw(R"({"groups":[]})");
    ClosePrometheusAnswer(request.context, /*limited=*/false, &json);
    return JsonResponse(std::move(text));
  }

 private:
  uint64_t Now() const { return context_.clock.NowUnixNano(); }

  static void WriteValue(const RoutedRequest& request, const query::PromValue& value,
                         const query::Instants& points, Form form, size_t limit,
                         ResponseSink& sink) {
    Answer answer(request, sink);
    JsonWriter& json = answer.json();
    json.OpenObject();
    bool limited = false;
    if (const auto* const text = std::get_if<std::string>(&value)) {
      WriteText(*text, points, &json);
    } else if (const auto* const numbers = std::get_if<query::PromScalar>(&value)) {
      WriteNumbers(*numbers, points, form, &json);
    } else {
      const auto& series = std::get<query::PromVector>(value);
      limited = series.size() > limit;
      if (!WriteSeries(series, points, form, limit, &answer)) return;
    }
    json.CloseObject();
    answer.Finish(limited);
  }

  static void WriteText(std::string_view text, const query::Instants& points, JsonWriter* json) {
    TextField("resultType", "string", json);
    json->Key("result");
    json->OpenArray();
    json->Uint(points.first_unix_nano / 1'000'000'000);
    json->String(text);
    json->CloseArray();
  }

  static void WriteNumbers(const query::PromScalar& numbers, const query::Instants& points,
                           Form form, JsonWriter* json) {
    TextField("resultType", form == Form::kRange ? "matrix" : "scalar", json);
    json->Key("result");
    if (form == Form::kInstant) return WritePromPoint(points.At(0), numbers[0], json);
    json->OpenArray();
    WritePromRange({{}, numbers}, points, json);
    json->CloseArray();
  }

  // False when nobody reads any more.
  static bool WriteSeries(const query::PromVector& series, const query::Instants& points, Form form,
                          size_t limit, Answer* answer) {
    JsonWriter& json = answer->json();
    TextField("resultType", form == Form::kRange ? "matrix" : "vector", &json);
    json.Key("result");
    json.OpenArray();
    for (size_t i = 0; i < std::min(limit, series.size()); ++i) {
      if (form == Form::kRange) {
        WritePromRange(series[i], points, &json);
      } else {
        WritePromInstant(series[i], points, &json);
      }
      if (!answer->Flush()) return false;
    }
    json.CloseArray();
    return true;
  }

  static void WriteMetadata(const query::SpanMetric& metric, JsonWriter* json) {
    json->Key(metric.name);
    json->OpenArray();
    json->OpenObject();
    TextField("type", query::TypeOf(metric), json);
    TextField("help", metric.help, json);
    TextField("unit", "", json);
    json->CloseObject();
    json->CloseArray();
  }

  template <typename List>
  net::Response TextsOf(const RoutedRequest& request, List&& list) const {
    const Parameters parameters = FormParameters(request);
    const auto limit = PrometheusLimit(parameters);
    if (!limit.ok()) return PrometheusError(limit.status());
    const auto listed = PrometheusListed(parameters, Now());
    if (!listed.ok()) return PrometheusError(listed.status());
    const Result<std::vector<std::string>> texts = list(*listed);
    if (!texts.ok()) return PrometheusError(texts.status());
    std::string text;
    JsonWriter json(&text);
    OpenPrometheusAnswer(&json);
    json.OpenArray();
    for (size_t i = 0; i < std::min(*limit, texts->size()); ++i) json.String((*texts)[i]);
    json.CloseArray();
    ClosePrometheusAnswer(request.context, texts->size() > *limit, &json);
    return JsonResponse(std::move(text));
  }

  const ServiceContext context_;
};

}  // namespace

void AddPrometheusApi(const ServiceContext& context, Router* router) {
  const auto api = std::make_shared<const PrometheusApi>(context);
  const auto add = [&](std::string_view path, const StreamHandler& handler) {
    router->GetStream(path, handler);
    router->PostStream(path, handler);
  };
  add("/api/v1/query", [api](const auto& r, auto& sink) { api->Query(r, Form::kInstant, sink); });
  add("/api/v1/query_range",
      [api](const auto& r, auto& sink) { api->Query(r, Form::kRange, sink); });
  add("/api/v1/series", [api](const auto& r, auto& sink) { api->Series(r, sink); });
  add("/api/v1/labels", Whole([api](const auto& r) { return api->Labels(r); }));
  router->Get("/api/v1/label/{name}/values", [api](const auto& r) { return api->Values(r); });
  router->Get(
      "/api/v1/metadata", [api](const auto& r) { return api->Metadata(r); }, Cost::kQuick);
  router->Get("/api/v1/rules", PrometheusApi::Rules, Cost::kQuick);
  router->Get(
      "/api/v1/status/buildinfo", [api](const auto& r) { return api->BuildInfo(r); }, Cost::kQuick);
}

void AddSpanScrape(const ServiceContext& context, Router* router) {
  const auto counters = std::make_shared<query::ScrapedCounters>(context.clock.NowUnixNano());
  router->GetStream("/metrics/spans", [context, counters](const auto& request, auto& sink) {
    sink.Start(200, {{"content-type", "text/plain; version=0.0.4; charset=utf-8"}});
    const Status status =
        counters->Render(request.context, context.reader, context.clock.NowUnixNano(),
                         [&](std::string_view text) { return sink.Write(text); });
    if (!status.ok()) return sink.Fail(ErrorResponse(status));
    sink.Finish();
  });
}

}  // namespace spandrel::api
