// SPDX-License-Identifier: Apache-2.0
// The whole library against a collector on a real socket.
#include "sdk/testing/collector.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "opentelemetry/trace/provider.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

Options OptionsFor(const std::string& url) {
  Options options;
  options.service_name = "test";
  options.exporter.endpoint = url;
  return options;
}

void EndSpans(const Provider& provider, int count) {
  const auto tracer = provider.tracer_provider()->GetTracer("test");
  for (int i = 0; i < count; ++i) tracer->StartSpan("span", {{"number", i}})->End();
}

TEST(CollectorTest, GetsSpansByGrpc) {
  Collector collector;
  Options options = OptionsFor(collector.url());
  options.exporter.headers = {{"x-tenant", "me"}};
  options.exporter.compression = "gzip";
  Provider provider = MakeProvider(options);
  EndSpans(provider, 1'000);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(collector.spans(), 1'000u);
  EXPECT_EQ(collector.last_header("x-tenant"), "me");
  EXPECT_EQ(provider.stats().exported, 1'000u);
}

TEST(CollectorTest, GetsSpansByHttp) {
  Collector collector;
  Options options = OptionsFor(collector.url());
  options.exporter.protocol = ExportOptions::Protocol::kHttpProtobuf;
  Provider provider = MakeProvider(options);
  EndSpans(provider, 10);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(collector.spans(), 10u);
  EXPECT_EQ(collector.last_header("content-type"), "application/x-protobuf");
}

TEST(CollectorTest, MayAskToComeBack) {
  Collector collector;
  collector.AnswerRpc([](int number) {
    return number < 3 ? base::Status::Unavailable("busy", milliseconds(50)) : base::Status();
  });
  Provider provider = MakeProvider(OptionsFor(collector.url()));
  EndSpans(provider, 10);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(collector.calls(), 4);
  EXPECT_EQ(collector.spans(), 10u);
}

TEST(CollectorTest, MayRejectSomeSpans) {
  Collector collector;
  collector.reject_spans = 4;
  Provider provider = MakeProvider(OptionsFor(collector.url()));
  EndSpans(provider, 10);
  EXPECT_FALSE(provider.ForceFlush(seconds(20)));
  EXPECT_EQ(provider.stats().dropped_rejected, 4u);
  EXPECT_EQ(provider.stats().exported, 6u);
}

TEST(CollectorTest, TakesABurst) {
  Collector collector;
  Provider provider = MakeProvider(OptionsFor(collector.url()));
  EndSpans(provider, 100'000);
  EXPECT_TRUE(provider.ForceFlush(seconds(60)));
  EXPECT_EQ(collector.spans(), 100'000u);
  EXPECT_EQ(provider.stats().dropped(), 0u);
}

TEST(CollectorTest, AbsentCollectorNeverHoldsTheServiceUp) {
  std::string url;
  {
    Collector gone;
    url = gone.url();
  }
  const auto start = steady_clock::now();
  {
    Options options = OptionsFor(url);
    options.shutdown_timeout = milliseconds(200);
    Provider provider = MakeProvider(options);
    EndSpans(provider, 100);
    EXPECT_FALSE(provider.ForceFlush(milliseconds(200)));
  }
  EXPECT_LT(steady_clock::now() - start, seconds(5));
}

TEST(CollectorTest, InitInstallsTheGlobalProvider) {
  Collector collector;
  {
    Provider provider = Init(OptionsFor(collector.url()));
    opentelemetry::trace::Provider::GetTracerProvider()->GetTracer("t")->StartSpan("s")->End();
  }
  EXPECT_EQ(collector.spans(), 1u);
  const auto after = opentelemetry::trace::Provider::GetTracerProvider();
  EXPECT_FALSE(after->GetTracer("t")->StartSpan("s")->IsRecording());
}

TEST(CollectorTest, ItsThreadsHaveNames) {
  Collector collector;
  Provider provider = MakeProvider(OptionsFor(collector.url()));
  EndSpans(provider, 1);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  std::set<std::string> names;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm") >> std::ws, name);
    names.insert(name);
  }
  EXPECT_EQ(names.count("spandrel-export"), 1u);
  EXPECT_EQ(names.count("spandrel-io"), 1u);
}

// The child sends its own spans, and none of its parent's.
TEST(CollectorTest, ForkedChildrenSendTheirSpans) {
  Collector collector;
  Provider provider = MakeProvider(OptionsFor(collector.url()));
  EndSpans(provider, 5);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  EndSpans(provider, 3);
  const pid_t child = fork();
  if (child == 0) {
    EndSpans(provider, 7);
    _exit(provider.ForceFlush(seconds(20)) ? 0 : 1);
  }
  EndSpans(provider, 2);
  EXPECT_TRUE(provider.ForceFlush(seconds(20)));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(collector.from_process(getpid()), 10u);
  EXPECT_EQ(collector.from_process(child), 7u);
}

TEST(CollectorTest, ExitWithoutShutdownIsQuick) {
  const pid_t child = fork();
  if (child == 0) {
    static Provider* const leaked = new Provider(MakeProvider(OptionsFor("http://127.0.0.1:1")));
    EndSpans(*leaked, 10);
    std::exit(0);
  }
  const auto start = steady_clock::now();
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_LT(steady_clock::now() - start, seconds(10));
}

}  // namespace
}  // namespace spandrel::sdk
