// SPDX-License-Identifier: Apache-2.0
#include "api/prometheus/prometheus_json.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "api/http/json_text.h"
#include "api/http/responses.h"

namespace spandrel::api {
namespace {

using wire::JsonWriter;

// Whether a bucket has its bounds itself.
constexpr uint64_t kOpenLeft = 0;
constexpr uint64_t kClosedBoth = 3;

struct ErrorKind {
  int http_status;
  std::string_view type;
};

ErrorKind KindOf(const base::Status& status) {
  switch (status.code()) {
    case base::StatusCode::kInvalidArgument:
    case base::StatusCode::kUnimplemented:
    case base::StatusCode::kOutOfRange:
      return {400, "bad_data"};
    case base::StatusCode::kDeadlineExceeded:
      return {503, "timeout"};
    case base::StatusCode::kCancelled:
      return {503, "canceled"};
    case base::StatusCode::kResourceExhausted:
      return status.retry_after() ? ErrorKind{503, "unavailable"} : ErrorKind{422, "execution"};
    default:
      return {HttpStatusOfQuery(status), "internal"};
  }
}

// As Go writes it with 'f': never an exponent.
std::string NumberText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 400> buffer;
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  return error == std::errc() ? std::string(buffer.data(), end) : std::string("NaN");
}

void WriteTime(uint64_t time_unix_nano, JsonWriter* json) {
  const uint64_t millis = time_unix_nano / 1'000'000;
  json->Raw(millis % 1'000 == 0 ? fmt::format("{}", millis / 1'000)
                                : fmt::format("{}.{:03}", millis / 1'000, millis % 1'000));
}

void WriteBucket(uint64_t rule, double lower, double upper, double count, JsonWriter* json) {
  json->OpenArray();
  json->Uint(rule);
  for (const double number : {lower, upper, count}) json->String(NumberText(number));
  json->CloseArray();
}

void WriteHistogram(uint64_t time_unix_nano, const query::PromHistogram& histogram,
                    JsonWriter* json) {
  json->OpenArray();
  WriteTime(time_unix_nano, json);
  json->OpenObject();
  TextField("count", NumberText(histogram.count), json);
  TextField("sum", NumberText(histogram.sum), json);
  json->Key("buckets");
  json->OpenArray();
  if (histogram.zeros != 0) WriteBucket(kClosedBoth, 0, 0, histogram.zeros, json);
  for (const auto& [bucket, count] : histogram.buckets) {
    const auto [lower, upper] = query::BoundsOfBucket(bucket);
    WriteBucket(kOpenLeft, lower, upper, count, json);
  }
  json->CloseArray();
  json->CloseObject();
  json->CloseArray();
}

void WriteAt(const query::PromSeries& series, const query::Instants& points, size_t i,
             JsonWriter* json) {
  if (series.is_histogram()) return WriteHistogram(points.At(i), series.histograms[i], json);
  WritePromPoint(points.At(i), series.values[i], json);
}

}  // namespace

net::Response PrometheusError(const base::Status& status) {
  const ErrorKind kind = KindOf(status);
  std::string body;
  JsonWriter json(&body);
  json.OpenObject();
  TextField("status", "error", &json);
  TextField("errorType", kind.type, &json);
  TextField("error", status.message(), &json);
  json.CloseObject();
  net::Response response = MakeResponse(kind.http_status, kJsonType, std::move(body));
  if (status.retry_after()) response.headers.emplace_back("retry-after", "1");
  return response;
}

void OpenPrometheusAnswer(JsonWriter* json) {
  json->OpenObject();
  TextField("status", "success", json);
  json->Key("data");
}

void ClosePrometheusAnswer(const storage::QueryContext& context, bool limited, JsonWriter* json) {
  const uint64_t unreadable = context.unreadable_spans();
  if (limited || unreadable > 0) {
    json->Key("warnings");
    json->OpenArray();
    if (limited) json->String("results truncated due to limit");
    if (unreadable > 0) json->String(fmt::format("{} damaged spans are not counted", unreadable));
    json->CloseArray();
  }
  json->CloseObject();
}

void WritePromLabels(const query::PromLabels& labels, JsonWriter* json) {
  json->OpenObject();
  for (const auto& [name, value] : labels) {
    json->EscapedKey(name);
    json->String(value);
  }
  json->CloseObject();
}

void WritePromPoint(uint64_t time_unix_nano, double value, JsonWriter* json) {
  json->OpenArray();
  WriteTime(time_unix_nano, json);
  json->String(NumberText(value));
  json->CloseArray();
}

void WritePromInstant(const query::PromSeries& series, const query::Instants& points,
                      JsonWriter* json) {
  json->OpenObject();
  json->Key("metric");
  WritePromLabels(series.labels, json);
  json->Key(series.is_histogram() ? "histogram" : "value");
  WriteAt(series, points, 0, json);
  json->CloseObject();
}

void WritePromRange(const query::PromSeries& series, const query::Instants& points,
                    JsonWriter* json) {
  json->OpenObject();
  json->Key("metric");
  WritePromLabels(series.labels, json);
  json->Key(series.is_histogram() ? "histograms" : "values");
  json->OpenArray();
  for (size_t i = 0; i < points.count; ++i) {
    if (!query::IsAbsent(series.values[i])) WriteAt(series, points, i, json);
  }
  json->CloseArray();
  json->CloseObject();
}

}  // namespace spandrel::api
