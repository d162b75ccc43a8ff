// SPDX-License-Identifier: Apache-2.0
#include "api/tempo/tempo_metrics.h"

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>

#include "api/http/json_text.h"
#include "api/http/responses.h"
#include "api/tempo/tempo_errors.h"
#include "api/tempo/tempo_hints.h"
#include "api/tempo/tempo_json.h"
#include "api/tempo/tempo_series.h"
#include "query/traceql/metrics.h"

namespace spandrel::api {
namespace {

using base::Status;
using wire::JsonWriter;

constexpr uint64_t kMilli = 1'000'000;
constexpr std::string_view kTooManySeries =
    "there are more series; those of the most spans are here";

void WriteLabels(const query::Series& series, JsonWriter* json) {
  json->Key("labels");
  json->OpenArray();
  for (const auto& [key, value] : series.labels) WriteTempoAttribute(key, value, json);
  json->CloseArray();
}

void WriteTime(uint64_t unix_nano, JsonWriter* json) {
  DecimalField("timestampMs", unix_nano / kMilli, json);
}

void WriteValue(double value, JsonWriter* json) {
  json->Key("value");
  json->Double(value);
}

void WriteExemplar(const query::SeriesExemplar& exemplar, JsonWriter* json) {
  json->OpenObject();
  json->Key("labels");
  json->OpenArray();
  WriteTempoAttribute("trace:id", storage::Value(exemplar.trace_id.ToHex()), json);
  json->CloseArray();
  WriteValue(exemplar.value, json);
  WriteTime(exemplar.time_unix_nano, json);
  json->CloseObject();
}

void WriteRangeSeries(const query::Series& series, const query::TimePoints& points,
                      JsonWriter* json) {
  json->OpenObject();
  WriteLabels(series, json);
  json->Key("samples");
  json->OpenArray();
  for (size_t i = 0; i < series.values.size(); ++i) {
    if (std::isnan(series.values[i])) continue;
    json->OpenObject();
    WriteTime(points.At(i), json);
    WriteValue(series.values[i], json);
    json->CloseObject();
  }
  json->CloseArray();
  if (!series.exemplars.empty()) {
    json->Key("exemplars");
    json->OpenArray();
    for (const auto& exemplar : series.exemplars) WriteExemplar(exemplar, json);
    json->CloseArray();
  }
  json->CloseObject();
}

void WriteInstantSeries(const query::Series& series, JsonWriter* json) {
  if (std::isnan(series.values[0])) return;
  json->OpenObject();
  WriteLabels(series, json);
  WriteValue(series.values[0], json);
  json->CloseObject();
}

class TempoMetrics {
 public:
  explicit TempoMetrics(const ServiceContext& context) : context_(context) {}

  void Answer(const RoutedRequest& request, SeriesForm form, ResponseSink& sink) const {
    const auto question = TempoSeries(request.parameters, context_.clock.NowUnixNano(), form);
    if (!question.ok()) return sink.Fail(TempoError(question.status()));
    const auto set =
        query::MakeSeries(request.context, context_.reader, question->expr, question->request);
    if (!set.ok()) return sink.Fail(TempoError(set.status()));
    sink.Start(200, JsonHeaders(question->note));
    if (Write(request, *question, *set, form, sink).ok()) sink.Finish();
  }

 private:
  static Status Write(const RoutedRequest& request, const SeriesQuestion& question,
                      const query::SeriesSet& set, SeriesForm form, ResponseSink& sink) {
    const bool is_range = form == SeriesForm::kRange;
    constexpr size_t kFlushedBytes = 64 << 10;
    std::string text;
    JsonWriter json(&text);
    json.OpenObject();
    json.Key("series");
    json.OpenArray();
    for (const query::Series& series : set.series) {
      if (is_range) {
        WriteRangeSeries(series, question.request.points, &json);
      } else {
        WriteInstantSeries(series, &json);
      }
      if (text.size() < kFlushedBytes) continue;
      SPANDREL_RETURN_IF_ERROR(sink.Write(text));
      text.clear();
    }
    json.CloseArray();
    WriteTempoMetrics(request.context, &json);
    if (set.truncated && is_range) {
      TextField("status", "PARTIAL", &json);
      TextField("message", kTooManySeries, &json);
    }
    json.CloseObject();
    return sink.Write(text);
  }

  const ServiceContext context_;
};

}  // namespace

void AddTempoMetrics(const ServiceContext& context, Router* router) {
  const auto api = std::make_shared<const TempoMetrics>(context);
  router->GetStream("/api/metrics/query_range",
                    [api](const auto& r, auto& sink) { api->Answer(r, SeriesForm::kRange, sink); });
  router->GetStream("/api/metrics/query", [api](const auto& r, auto& sink) {
    api->Answer(r, SeriesForm::kInstant, sink);
  });
}

}  // namespace spandrel::api
