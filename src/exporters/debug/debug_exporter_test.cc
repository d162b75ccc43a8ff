// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporters/debug/describe.h"
#include "exporters/factories.h"
#include "exporters/testing/decode_yaml.h"
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
  auto exporter = factory.create({"debug", metrics, memory}, config);
  ASSERT_TRUE(exporter.ok());
  base::Status outcome(base::StatusCode::kUnknown, "not called");
  (*exporter)->Consume(wire::MakeTestBatch("shop", 1, 5),
                       [&outcome](base::Status status) { outcome = std::move(status); });
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(metrics.AddCounter("otelcol_exporter_sent_spans", "", {{"exporter", "debug"}}).value(),
            5u);
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
