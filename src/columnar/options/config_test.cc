// SPDX-License-Identifier: Apache-2.0
#include "columnar/options/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/engine_factory.h"
#include "config/document.h"
#include "disk/testing/directory.h"

namespace spandrel::columnar {
namespace {

// What the options are for `yaml`; what was wrong with it goes to `problems`.
EngineOptions DecodeYaml(std::string_view yaml, config::Problems* problems) {
  auto document = config::ParseYaml(yaml, "test.yaml", problems);
  EXPECT_TRUE(document.ok()) << problems->ToString();
  config::Decoder decoder(document->root, problems);
  return DecodeOptions(decoder);
}

TEST(EngineConfigTest, ReadsRetention) {
  config::Problems problems;
  const auto defaults = DecodeYaml("{}", &problems);
  EXPECT_EQ(defaults.max_age.count(), 0);
  EXPECT_EQ(defaults.max_bytes, 0u);
  EXPECT_FALSE(defaults.min_free_bytes.has_value());
  const auto config =
      DecodeYaml("retention: {max_age: 720h, max_bytes: 50GiB, min_free_bytes: 0}", &problems);
  EXPECT_FALSE(problems.has_errors()) << problems.ToString();
  EXPECT_EQ(config.max_age, std::chrono::hours(720));
  EXPECT_EQ(config.max_bytes, uint64_t{50} << 30);
  EXPECT_EQ(config.min_free_bytes, 0u);
  EXPECT_FALSE(DecodeYaml("retention: {min_free_bytes: }", &problems).min_free_bytes.has_value());
}

TEST(EngineConfigTest, ReadsThePolicy) {
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
                                 &problems);
  EXPECT_EQ(problems.ToString(), "");
  const PolicyOptions& policy = config.policy;
  EXPECT_EQ(policy.keep_whole_for, std::chrono::hours(24));
  EXPECT_TRUE(policy.keep_errors);
  EXPECT_EQ(policy.keep_slower_than, std::chrono::seconds(2));
  ASSERT_EQ(policy.keep_matching.size(), 1u);
  EXPECT_EQ(policy.keep_matching[0].key, "customer.tier");
  EXPECT_EQ(policy.keep_matching[0].value, "gold");
  EXPECT_EQ(policy.keep_per_shape_and_hour, 5u);
  EXPECT_EQ(policy.keep_one_in, 100u);
}

TEST(EngineConfigTest, SaysWhatIsWrongWithThePolicy) {
  const auto problem_of = [](std::string_view yaml) {
    config::Problems problems;
    DecodeYaml(yaml, &problems);
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

TEST(EngineConfigTest, SaysWhatIsWrongWithRetention) {
  const auto problem_of = [](std::string_view yaml) {
    config::Problems problems;
    DecodeYaml(yaml, &problems);
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

TEST(EngineConfigTest, ReadsTheRest) {
  config::Problems problems;
  const EngineOptions defaults = DecodeYaml("{}", &problems);
  EXPECT_EQ(defaults.directory, "./spandrel-data");
  EXPECT_TRUE(defaults.create_directory);
  EXPECT_EQ(defaults.durability, Durability::kFsync);
  EXPECT_FALSE(defaults.tenants);
  const EngineOptions options = DecodeYaml(
      "{directory: /data, durability: memory, tenants: true, max_tenants: 7, max_log_wait: 1s}",
      &problems);
  EXPECT_EQ(problems.ToString(), "");
  EXPECT_EQ(options.directory, "/data");
  EXPECT_EQ(options.durability, Durability::kMemory);
  EXPECT_TRUE(options.tenants);
  EXPECT_EQ(options.max_tenants, 7U);
  EXPECT_EQ(options.max_log_wait, std::chrono::seconds(1));
  EXPECT_EQ(options.scrub_bytes_per_second, uint64_t{1} << 20);
  EXPECT_EQ(DecodeYaml("scrub_bytes_per_second: 8MiB", &problems).scrub_bytes_per_second,
            uint64_t{8} << 20);
  EXPECT_EQ(DecodeYaml("durability: os", &problems).durability, Durability::kOs);
  DecodeYaml("{directory: '', durability: sync, tenants: 'on', max_tenants: 0}", &problems);
  EXPECT_EQ(problems.ToString(),
            "test.yaml:1:13: directory: 'directory' is empty\n"
            "test.yaml:1:29: durability: 'sync' is not one of fsync, os, memory\n"
            "test.yaml:1:44: tenants: expected true or false, found the string 'on'\n"
            "test.yaml:1:63: max_tenants: 'max_tenants' is not from 1 to 1000000\n");
}

TEST(EngineFactoryTest, OpensWhatItDecodedAndAgain) {
  const disk::TestDirectory directory;
  config::Problems problems;
  const auto document = config::ParseYaml(
      "{tenants: true, directory: " + directory.path() + "/made}", "test.yaml", &problems);
  ASSERT_TRUE(document.ok());
  config::Decoder decoder(document->root, &problems);
  const auto open = EngineOfStores().decode(&decoder);
  ASSERT_TRUE(open.ok()) << open.status().ToString() << problems.ToString();
  base::MetricRegistry metrics;
  for (int i = 0; i < 2; ++i) {
    const auto store = (*open)(metrics);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    EXPECT_TRUE((*store)->reader().capabilities().tenants);
    EXPECT_FALSE((*open)(metrics).ok()) << "it is held";
  }
}

}  // namespace
}  // namespace spandrel::columnar
