// SPDX-License-Identifier: Apache-2.0
#include "sdk/sampling/jaeger_sampler.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>

#include "net/testing/server.h"
#include "sdk/sampling/sampler.h"

namespace spandrel::sdk {
namespace {

// A Jaeger sampling endpoint whose answer the test changes.
class SamplingEndpoint {
 public:
  SamplingEndpoint() : server_([this](std::shared_ptr<net::ServerCall> call) { Answer(*call); }) {}

  std::string url() const { return "http://" + server_.endpoint().ToString() + "/sampling"; }
  void Set(std::string json, int status = 200) {
    std::lock_guard lock(mutex_);
    json_ = std::move(json);
    status_ = status;
  }
  std::string last_target() {
    std::lock_guard lock(mutex_);
    return target_;
  }

 private:
  void Answer(net::ServerCall& call) {
    net::Response response;
    std::lock_guard lock(mutex_);
    target_ = call.request().target;
    response.status = status_;
    response.body = json_;
    call.Respond(std::move(response));
  }

  std::mutex mutex_;
  std::string json_;    // guarded by mutex_
  std::string target_;  // guarded by mutex_
  int status_ = 200;    // guarded by mutex_
  net::testing::TestServer server_;
};

JaegerRemoteOptions OptionsFor(const std::string& url) {
  JaegerRemoteOptions options;
  options.endpoint = url;
  options.polling_interval = Milliseconds(1);
  options.initial_ratio = 0;
  return options;
}

SamplingInput Named(std::string_view name) {
  SamplingInput input;
  input.name = name;
  input.random = UINT64_MAX;
  return input;
}

// Samples until the condition holds; polling goes on meanwhile.
template <typename Condition>
bool SampleUntil(const JaegerSampler& sampler, std::string_view name, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + net::testing::kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition(sampler.Sample(Named(name)))) return true;
    std::this_thread::yield();
  }
  return false;
}

bool IsSampled(const SampleResult& result) {
  return result.sampled;
}
bool IsDropped(const SampleResult& result) {
  return !result.sampled;
}

TEST(JaegerSamplerTest, FollowsTheEndpoint) {
  SamplingEndpoint endpoint;
  endpoint.Set(R"({"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}})");
  JaegerSampler sampler(OptionsFor(endpoint.url()), "my shop");
  EXPECT_FALSE(sampler.Sample(Named("x")).sampled) << "the initial ratio";
  EXPECT_TRUE(SampleUntil(sampler, "x", IsSampled));
  EXPECT_EQ(endpoint.last_target(), "/sampling?service=my%20shop");
  const SampleResult result = sampler.Sample(Named("x"));
  ASSERT_EQ(result.attributes.size(), 2u);
  EXPECT_EQ(std::get<std::string>(result.attributes[0].second), "probabilistic");

  endpoint.Set(R"({"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":1}})");
  EXPECT_TRUE(SampleUntil(sampler, "x", IsDropped));

  endpoint.Set(R"({"operationSampling":{"defaultSamplingProbability":0,
                   "perOperationStrategies":[
                     {"operation":"keep","probabilisticSampling":{"samplingRate":1.0}}]}})");
  EXPECT_TRUE(SampleUntil(sampler, "other", IsDropped));
  EXPECT_TRUE(SampleUntil(sampler, "keep", IsSampled));
  EXPECT_FALSE(sampler.Sample(Named("other")).sampled);

  endpoint.Set("oops", 500);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(sampler.Sample(Named("keep")).sampled);
  sampler.Stop();
  EXPECT_TRUE(sampler.Sample(Named("keep")).sampled) << "decisions go on after the stop";
}

TEST(JaegerSamplerTest, ADeadEndpointIsToldOnce) {
  JaegerRemoteOptions options = OptionsFor("http://127.0.0.1:1/sampling");
  options.initial_ratio = 1;
  testing::internal::CaptureStderr();
  {
    JaegerSampler sampler(options, "shop");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    while (std::chrono::steady_clock::now() < deadline) {
      EXPECT_TRUE(sampler.Sample(Named("x")).sampled);
    }
    sampler.Stop();
  }
  const std::string told = testing::internal::GetCapturedStderr();
  const size_t first = told.find("no sampling strategy");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(told.find("no sampling strategy", first + 1), std::string::npos) << told;
}

TEST(JaegerSamplerTest, AnEndpointThatIsNoUrlTurnsPollingOff) {
  JaegerSampler sampler(OptionsFor("ftp://a"), "shop");
  EXPECT_FALSE(sampler.Sample(Named("x")).sampled);
  sampler.Stop();
}

TEST(JaegerStrategyTest, RefusesWhatIsNoStrategy) {
  for (const char* bad :
       {"", "[]", "{", "{}", "null", R"({"probabilisticSampling":{}})",
        R"({"probabilisticSampling":{"samplingRate":-1}})",
        R"({"probabilisticSampling":{"samplingRate":"1"}})",
        R"({"strategyType":1,"rateLimitingSampling":7})",
        R"({"operationSampling":{"perOperationStrategies":[{"operation":3}]}})"}) {
    EXPECT_FALSE(JaegerStrategy::FromJson(bad).ok()) << bad;
  }
}

TEST(JaegerStrategyTest, OperationsHaveAFloor) {
  const auto strategy = JaegerStrategy::FromJson(
      R"({"operationSampling":{"defaultSamplingProbability":0,
          "defaultLowerBoundTracesPerSecond":0.001,"perOperationStrategies":[]}})");
  ASSERT_TRUE(strategy.ok());
  const SampleResult first = (*strategy)->Sample(Named("x"));
  EXPECT_TRUE(first.sampled);
  EXPECT_EQ(std::get<std::string>(first.attributes[0].second), "lowerbound");
  EXPECT_FALSE((*strategy)->Sample(Named("x")).sampled);
}

TEST(SamplerTest, JaegerRemoteMayBeAPartOfTheTree) {
  SamplerOptions options;
  options.root = SamplerOptions::Root::kJaegerRemote;
  options.jaeger_remote = OptionsFor("http://127.0.0.1:1");
  options.jaeger_remote.initial_ratio = 1;
  Sampler sampler(options, "shop");
  EXPECT_TRUE(sampler.SampleWith(Named("x")).sampled);
  SamplingInput child = Named("x");
  child.has_parent = true;
  EXPECT_FALSE(sampler.SampleWith(child).sampled);
  sampler.Stop();
}

}  // namespace
}  // namespace spandrel::sdk
