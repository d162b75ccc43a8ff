// SPDX-License-Identifier: Apache-2.0
// HTTP metrics as the official metrics SDK collects them.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "instrument/testing/httplib_server.h"
#include "instrument/testing/recording.h"
#include "opentelemetry/sdk/metrics/data/metric_data.h"
#include "opentelemetry/sdk/metrics/export/metric_producer.h"
#include "opentelemetry/sdk/metrics/meter_provider.h"
#include "opentelemetry/sdk/metrics/metric_reader.h"
#include "spandrel/httplib_client.h"

namespace spandrel::instrument {
namespace {

namespace nostd = opentelemetry::nostd;
namespace metrics_sdk = opentelemetry::sdk::metrics;
using Texts = std::map<std::string, std::string>;

class Reader final : public metrics_sdk::MetricReader {
 public:
  metrics_sdk::AggregationTemporality GetAggregationTemporality(
      metrics_sdk::InstrumentType) const noexcept override {
    return metrics_sdk::AggregationTemporality::kCumulative;
  }

 private:
  bool OnForceFlush(std::chrono::microseconds) noexcept override { return true; }
  bool OnShutDown(std::chrono::microseconds) noexcept override { return true; }
};

struct Point {
  Texts attributes;
  uint64_t count = 0;
  double sum = 0;
};

std::string ToText(const opentelemetry::sdk::common::OwnedAttributeValue& value) {
  if (const auto* text = nostd::get_if<std::string>(&value)) return *text;
  if (const auto* number = nostd::get_if<int32_t>(&value)) return std::to_string(*number);
  if (const auto* number = nostd::get_if<int64_t>(&value)) return std::to_string(*number);
  return "?";
}

double ToDouble(const metrics_sdk::ValueType& value) {
  if (const auto* number = nostd::get_if<int64_t>(&value)) return static_cast<double>(*number);
  return nostd::get<double>(value);
}

Point ToPoint(const metrics_sdk::PointDataAttributes& data) {
  Point point;
  for (const auto& [key, value] : data.attributes) point.attributes[key] = ToText(value);
  if (const auto* h = nostd::get_if<metrics_sdk::HistogramPointData>(&data.point_data)) {
    point.count = h->count_;
    point.sum = ToDouble(h->sum_);
  } else if (const auto* sum = nostd::get_if<metrics_sdk::SumPointData>(&data.point_data)) {
    point.sum = ToDouble(sum->value_);
  }
  return point;
}

class MetricsTest : public testing::Test {
 protected:
  MetricsTest() {
    provider_->AddMetricReader(reader_);
    options_.meter_provider = std::shared_ptr<opentelemetry::metrics::MeterProvider>(provider_);
  }

  std::vector<Point> Points(const std::string& name) {
    std::vector<Point> points;
    reader_->Collect([&](metrics_sdk::ResourceMetrics& resource) {
      for (const auto& scope : resource.scope_metric_data_) {
        for (const auto& metric : scope.metric_data_) {
          if (metric.instrument_descriptor.name_ != name) continue;
          units_[name] = metric.instrument_descriptor.unit_;
          for (const auto& data : metric.point_data_attr_) points.push_back(ToPoint(data));
        }
      }
      return true;
    });
    return points;
  }

  static http::ServerRequest Request(std::string_view method) {
    http::ServerRequest request;
    request.method = method;
    request.target = "/users/1";
    request.protocol_version = "1.1";
    return request;
  }

  Recording recording_;
  std::shared_ptr<metrics_sdk::MeterProvider> provider_ =
      std::make_shared<metrics_sdk::MeterProvider>();
  std::shared_ptr<Reader> reader_ = std::make_shared<Reader>();
  http::Options options_ = recording_.options();
  std::map<std::string, std::string> units_;
};

TEST_F(MetricsTest, ServerRequestsAreMeasured) {
  const http::Instrumentation tracing(options_);
  for (int i = 0; i < 2; ++i) {
    http::ServerRequest request = Request("GET");
    request.start = std::chrono::steady_clock::now() - std::chrono::seconds(2);
    http::ServerSpan span(tracing, request, http::RawHeaders("X-Forwarded-Proto: https\r\n"));
    span.SetRoute("/users/:id");
    span.AddRead(10);
    span.AddWritten(100);
    span.SetStatusCode(200);
  }
  const Texts expected = {{"http.request.method", "GET"},
                          {"http.response.status_code", "200"},
                          {"http.route", "/users/:id"},
                          {"network.protocol.version", "1.1"},
                          {"url.scheme", "https"}};
  const std::vector<Point> durations = Points("http.server.request.duration");
  ASSERT_EQ(durations.size(), 1u);
  EXPECT_EQ(durations[0].attributes, expected);
  EXPECT_EQ(durations[0].count, 2u);
  EXPECT_GE(durations[0].sum, 4.0);
  EXPECT_EQ(units_["http.server.request.duration"], "s");
  EXPECT_EQ(Points("http.server.request.body.size").at(0).sum, 20);
  EXPECT_EQ(Points("http.server.response.body.size").at(0).sum, 200);
}

TEST_F(MetricsTest, ActiveRequestsGoUpAndDown) {
  options_.server_name = "api.example:443";
  const http::Instrumentation tracing(options_);
  http::ServerSpan span(tracing, Request("GET"), http::RawHeaders(""));
  const std::vector<Point> during = Points("http.server.active_requests");
  ASSERT_EQ(during.size(), 1u);
  EXPECT_EQ(during[0].sum, 1);
  const Texts expected = {{"http.request.method", "GET"},
                          {"server.address", "api.example"},
                          {"server.port", "443"},
                          {"url.scheme", "http"}};
  EXPECT_EQ(during[0].attributes, expected);
  span.End();
  EXPECT_EQ(Points("http.server.active_requests").at(0).sum, 0);
}

TEST_F(MetricsTest, StrangersCannotMakeNewSeries) {
  const http::Instrumentation tracing(options_);
  for (const char* method : {"X1", "X2", "X3"}) {
    http::ServerRequest request = Request(method);
    request.protocol_version = method;
    http::ServerSpan(tracing, request, http::RawHeaders("X-Forwarded-Proto: x\r\nHost: any\r\n"))
        .SetStatusCode(500);
  }
  const std::vector<Point> durations = Points("http.server.request.duration");
  ASSERT_EQ(durations.size(), 1u);
  const Texts expected = {{"error.type", "500"},
                          {"http.request.method", "_OTHER"},
                          {"http.response.status_code", "500"},
                          {"url.scheme", "http"}};
  EXPECT_EQ(durations[0].attributes, expected);
}

TEST_F(MetricsTest, RequestsHaveAttributesOfTheirOwn) {
  const http::Instrumentation tracing(options_);
  {
    http::ServerSpan span(tracing, Request("GET"), http::RawHeaders(""));
    span.AddMetricAttribute("tenant", std::string("acme"));
    span.AddMetricAttribute("tier", int64_t{2});
    span.SetError("timeout");
  }
  Texts attributes = Points("http.server.request.duration").at(0).attributes;
  EXPECT_EQ(attributes["tenant"], "acme");
  EXPECT_EQ(attributes["tier"], "2");
  EXPECT_EQ(attributes["error.type"], "timeout");
}

TEST_F(MetricsTest, FilteredRequestsAreNotMeasured) {
  options_.filter = http::filter::Not(http::filter::Path("/users/1"));
  const http::Instrumentation tracing(options_);
  http::ServerSpan(tracing, Request("GET"), http::RawHeaders("")).SetStatusCode(200);
  EXPECT_TRUE(Points("http.server.request.duration").empty());
}

TEST_F(MetricsTest, ClientAndServerAreMeasuredOverARealConnection) {
  TestServer server(options_);
  server->Post("/up", [](const ::httplib::Request&, ::httplib::Response& response) {
    response.set_content("done", "text/plain");
  });
  server.Start();
  {
    httplib::Client client("127.0.0.1", server.port());
    client.set_tracing_options(options_);
    EXPECT_EQ(client.Post("/up", "12345678", "text/plain")->body, "done");
  }
  server.Stop();
  const Texts expected = {{"http.request.method", "POST"},
                          {"http.response.status_code", "200"},
                          {"network.protocol.version", "1.1"},
                          {"server.address", "127.0.0.1"},
                          {"server.port", std::to_string(server.port())}};
  EXPECT_EQ(Points("http.client.request.duration").at(0).attributes, expected);
  EXPECT_EQ(Points("http.client.request.body.size").at(0).sum, 8);
  EXPECT_EQ(Points("http.client.response.body.size").at(0).sum, 4);
  EXPECT_EQ(Points("http.client.active_requests").at(0).sum, 0);
  EXPECT_EQ(Points("http.server.request.body.size").at(0).sum, 8);
  EXPECT_EQ(Points("http.server.response.body.size").at(0).sum, 4);
  EXPECT_EQ(Points("http.server.request.duration").at(0).attributes["http.route"], "/up");
}

}  // namespace
}  // namespace spandrel::instrument
