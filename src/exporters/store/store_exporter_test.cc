// SPDX-License-Identifier: Apache-2.0
#include "exporters/store/store_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporters/testing/decode_yaml.h"
#include "wire/testing/request.h"

namespace spandrel::exporters {
namespace {

using base::Status;
using base::StatusCode;

class FakeStore : public storage::Writer {
 public:
  void Append(span::SpanBatch&& batch, storage::Completion done) override {
    spans += batch.span_count();
    done(answer);
  }
  size_t spans = 0;
  Status answer;
};

class StoreExporterTest : public ::testing::Test {
 protected:
  base::Result<std::unique_ptr<pipeline::Exporter<span::SpanBatch>>> Make(OpenStore open_store) {
    auto config = std::make_shared<StoreExporterConfig>();
    config->directory = "/data";
    return MakeStoreExporterFactory(std::move(open_store))
        .create.traces({"store", metrics_, memory_}, config);
  }
  uint64_t CounterValue(std::string_view name) {
    return metrics_.AddCounter(name, {{"exporter", "store"}}).value();
  }

  base::MetricRegistry metrics_;
  base::ByteBudget memory_{1 << 20};
};

TEST_F(StoreExporterTest, AnswersWithWhatTheStoreSays) {
  auto store = std::make_shared<FakeStore>();
  std::string directory;
  auto exporter = Make([&](const StoreExporterConfig& config) {
    directory = config.directory;
    return base::Result<std::shared_ptr<storage::Writer>>(store);
  });
  ASSERT_TRUE(exporter.ok());
  EXPECT_EQ(directory, "/data");
  std::vector<Status> outcomes;
  const auto keep = [&outcomes](Status status) { outcomes.push_back(std::move(status)); };
  (*exporter)->Consume(wire::MakeTestBatch("shop", 1, 5), keep);
  store->answer = Status::Unavailable("disk is full", std::chrono::seconds(1));
  (*exporter)->Consume(wire::MakeTestBatch("shop", 6, 2), keep);
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_TRUE(outcomes[0].ok());
  EXPECT_EQ(outcomes[1].message(), "disk is full");
  EXPECT_TRUE(outcomes[1].retry_after().has_value());
  EXPECT_EQ(store->spans, 7u);
  EXPECT_EQ(CounterValue("otelcol_exporter_sent_spans"), 5u);
  EXPECT_EQ(CounterValue("otelcol_exporter_send_failed_spans"), 2u);
}

TEST_F(StoreExporterTest, AStoreThatDoesNotOpenStopsTheStart) {
  const auto exporter = Make([](const StoreExporterConfig&) {
    return base::Result<std::shared_ptr<storage::Writer>>(
        Status(StatusCode::kFailedPrecondition, "/data: held by another process"));
  });
  ASSERT_FALSE(exporter.ok());
  EXPECT_EQ(exporter.status().message(), "store: /data: held by another process");
}

TEST(StoreExporterConfigTest, ReadsRetention) {
  config::Problems problems;
  const auto defaults = DecodeYaml("{}", DecodeStoreExporterConfig, &problems);
  EXPECT_EQ(defaults->retention.max_age.count(), 0);
  EXPECT_EQ(defaults->retention.max_bytes, 0u);
  EXPECT_FALSE(defaults->retention.min_free_bytes.has_value());
  const auto config = DecodeYaml("retention: {max_age: 720h, max_bytes: 50GiB, min_free_bytes: 0}",
                                 DecodeStoreExporterConfig, &problems);
  EXPECT_FALSE(problems.has_errors()) << problems.ToString();
  EXPECT_EQ(config->retention.max_age, std::chrono::hours(720));
  EXPECT_EQ(config->retention.max_bytes, uint64_t{50} << 30);
  EXPECT_EQ(config->retention.min_free_bytes, 0u);
  EXPECT_FALSE(DecodeYaml("retention: {min_free_bytes: }", DecodeStoreExporterConfig, &problems)
                   ->retention.min_free_bytes.has_value());
}

TEST(StoreExporterConfigTest, ReadsThePolicy) {
  config::Problems problems;
  const auto config = DecodeYaml(R"(
retention:
  max_age: 720h
  keep_whole_for: 24h
  then:
    keep_errors: true
    keep_slower_than: 2s
    keep_matching:
      - {key: customer.tier, value: gold}
    keep_per_shape_and_hour: 5
    keep_one_in: 100
)",
                                 DecodeStoreExporterConfig, &problems);
  EXPECT_EQ(problems.ToString(), "");
  const PolicyConfig& policy = config->retention.policy;
  EXPECT_EQ(policy.keep_whole_for, std::chrono::hours(24));
  EXPECT_TRUE(policy.keep_errors);
  EXPECT_EQ(policy.keep_slower_than, std::chrono::seconds(2));
  ASSERT_EQ(policy.keep_matching.size(), 1u);
  EXPECT_EQ(policy.keep_matching[0].key, "customer.tier");
  EXPECT_EQ(policy.keep_matching[0].value, "gold");
  EXPECT_EQ(policy.keep_per_shape_and_hour, 5u);
  EXPECT_EQ(policy.keep_one_in, 100u);
}

TEST(StoreExporterConfigTest, SaysWhatIsWrongWithThePolicy) {
  const auto problem_of = [](std::string_view yaml) {
    config::Problems problems;
    DecodeYaml(yaml, DecodeStoreExporterConfig, &problems);
    return problems.ToString();
  };
  const auto has = [](std::string_view part) { return testing::HasSubstr(std::string(part)); };
  EXPECT_THAT(problem_of("retention: {then: {keep_one_in: 10}}"), has("needs 'keep_whole_for'"));
  EXPECT_THAT(problem_of("retention: {keep_whole_for: 24h}"), has("needs 'then'"));
  EXPECT_THAT(problem_of("retention: {keep_whole_for: 1s, then: {keep_one_in: 10}}"),
              has("shorter than a minute"));
  EXPECT_THAT(problem_of("retention: {max_age: 1h, keep_whole_for: 24h, then: {keep_one_in: 10}}"),
              has("not shorter than 'max_age'"));
  EXPECT_THAT(problem_of("retention: {keep_whole_for: 24h, then: {keep_errors: true}}"),
              has("'keep_one_in' is missing"));
  EXPECT_THAT(problem_of("retention: {keep_whole_for: 24h, then: {keep_one_in: 0}}"),
              has("'keep_one_in' is not from 1 to 10000"));
  EXPECT_THAT(problem_of("retention: {keep_whole_for: 24h, then: {keep_one_in: 9, keep_error: 1}}"),
              has("unknown key 'keep_error'; did you mean 'keep_errors'?"));
  EXPECT_THAT(problem_of("retention: {keep_whole_for: 24h, then: {keep_one_in: 9, "
                         "keep_matching: [{key: a, valeu: b}]}}"),
              has("unknown key 'valeu'; did you mean 'value'?"));
}

TEST(StoreExporterConfigTest, SaysWhatIsWrongWithRetention) {
  const auto problem_of = [](std::string_view yaml) {
    config::Problems problems;
    DecodeYaml(yaml, DecodeStoreExporterConfig, &problems);
    return problems.ToString();
  };
  EXPECT_EQ(problem_of("retention: {max_bytes: 50Gib}"),
            "test.yaml:1:24: retention::max_bytes: '50Gib' is not a size (write for example 50GiB "
            "or 500MB); did you mean 'GiB'?\n");
  EXPECT_EQ(problem_of("retention: {max_agee: 1h}"),
            "test.yaml:1:13: retention: unknown key 'max_agee'; did you mean 'max_age'?\n");
  EXPECT_EQ(problem_of("retention: {max_age: 1s}"),
            "test.yaml:1:22: retention::max_age: 'max_age' is shorter than a minute; 0 is no "
            "limit\n");
  EXPECT_NE(problem_of("retention: {max_bytes: -1}"), "");
}

}  // namespace
}  // namespace spandrel::exporters
