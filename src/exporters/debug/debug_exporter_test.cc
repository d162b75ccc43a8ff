// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporters/debug/describe.h"
#include "exporters/factories.h"
#include "exporters/testing/decode_yaml.h"
#include "wire/otlp/otlp_records.h"
#include "wire/testing/request.h"

namespace spandrel::exporters {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Lines(const span::SpanBatch& batch, Verbosity verbosity) {
  std::vector<std::string> lines;
  DescribeBatch(batch, verbosity, [&lines](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

TEST(DescribeBatchTest, SaysAsMuchAsAskedFor) {
  const auto batch = wire::MakeTestBatch("shop", 1, 2, 3);
  EXPECT_THAT(Lines(batch, Verbosity::kBasic), ElementsAre(HasSubstr("2 spans of 1 resources")));
  EXPECT_THAT(Lines(batch, Verbosity::kNormal),
              ElementsAre(HasSubstr("2 spans"),
                          AllOf(HasSubstr("\"shop\" \"span 1\""), HasSubstr("id 0000000000000001")),
                          HasSubstr("span 2")));
  const auto detailed = Lines(batch, Verbosity::kDetailed);
  EXPECT_THAT(detailed, ::testing::Contains("    \"service.name\": \"shop\""));
  EXPECT_THAT(detailed, ::testing::Contains("    \"pad\": \"xxx\""));
}

TEST(DescribeBatchTest, ASpanCannotBreakItsLine) {
  for (const auto& line : Lines(wire::MakeTestBatch("a\nb\x1b[0m", 1, 1), Verbosity::kDetailed)) {
    EXPECT_EQ(line.find_first_of("\n\x1b"), std::string::npos) << line;
  }
}

TEST(DebugExporterTest, TakesEverything) {
  base::MetricRegistry metrics;
  base::ByteBudget memory(1 << 20);
  const auto factory = MakeDebugExporterFactory();
  config::Problems problems;
  const auto config = DecodeYaml("{use_internal_logger: false}", factory.decode, &problems);
  EXPECT_FALSE(problems.has_errors()) << problems.ToString();
  auto exporter = factory.create.traces({"debug", metrics, memory}, config);
  ASSERT_TRUE(exporter.ok());
  base::Status outcome(base::StatusCode::kUnknown, "not called");
  (*exporter)->Consume(wire::MakeTestBatch("shop", 1, 5),
                       [&outcome](base::Status status) { outcome = std::move(status); });
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(metrics.AddCounter("otelcol_exporter_sent_spans", {{"exporter", "debug"}}).value(), 5u);
}

TEST(DescribeBatchTest, SaysWhatMetricsAndLogsAre) {
  const auto decode = [](signal::Signal signal, const char* json) {
    auto decoded = wire::DecodeOtlpRecordsJson(signal, json);
    EXPECT_TRUE(decoded.ok()) << decoded.status().ToString();
    return *decoded;
  };
  const auto lines = [](const auto& batch, Verbosity verbosity) {
    std::vector<std::string> said;
    DescribeBatch(batch, verbosity, [&said](std::string_view line) { said.emplace_back(line); });
    return said;
  };
  const signal::MetricBatch metrics(decode(signal::Signal::kMetrics, R"({"resourceMetrics":[{
      "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a\nb"}}]},
      "scopeMetrics":[{"metrics":[{"name":"cpu","sum":{"dataPoints":[{"asInt":1},{}]}}]}]}]})"));
  EXPECT_THAT(lines(metrics, Verbosity::kBasic),
              ElementsAre(HasSubstr("metrics: 2 data points of 1 resources")));
  EXPECT_THAT(lines(metrics, Verbosity::kNormal),
              ElementsAre(HasSubstr("metrics"), "metric \"a\\nb\" \"cpu\" sum with 2 data points"));
  EXPECT_THAT(lines(metrics, Verbosity::kDetailed),
              ::testing::Contains(R"(  {"name":"cpu","sum":{"dataPoints":[{"asInt":"1"},{}]}})"));
  const signal::LogBatch logs(decode(signal::Signal::kLogs, R"({"resourceLogs":[{"scopeLogs":[{
      "logRecords":[{"severityNumber":9,"severityText":"INFO","body":{"stringValue":"hi"}}]}]}]})"));
  EXPECT_THAT(lines(logs, Verbosity::kNormal),
              ElementsAre(HasSubstr("logs: 1 log records of 1 resources"),
                          "log record \"\" severity 9 \"INFO\" body \"hi\""));
}

TEST(DebugExporterConfigTest, UnderstandsOldAndNewKeys) {
  config::Problems problems;
  EXPECT_EQ(DecodeYaml("{}", DecodeDebugExporterConfig, &problems)->verbosity, Verbosity::kBasic);
  EXPECT_EQ(
      DecodeYaml("{verbosity: detailed, sampling_initial: 5}", DecodeDebugExporterConfig, &problems)
          ->verbosity,
      Verbosity::kDetailed);
  EXPECT_EQ(DecodeYaml("loglevel: debug", DecodeDebugExporterConfig, &problems)->verbosity,
            Verbosity::kDetailed);
  EXPECT_FALSE(problems.has_errors()) << problems.ToString();
  DecodeYaml("verbosity: chatty", DecodeDebugExporterConfig, &problems);
  EXPECT_TRUE(problems.has_errors());
}

}  // namespace
}  // namespace spandrel::exporters
