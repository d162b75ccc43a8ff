// SPDX-License-Identifier: Apache-2.0
#include "sdk/export/spool.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "sdk/testing/fake_collector.h"

namespace spandrel::sdk {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    char name[] = "/tmp/spandrel-spool-XXXXXX";
    directory_ = mkdtemp(name);
  }
  ~SpoolTest() override { fs::remove_all(directory_); }

  std::vector<fs::path> Files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      if (entry.path().extension() == ".otlp") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  Options WithSpool() const {
    Options options;
    options.exporter.spool_directory = directory_;
    return options;
  }

  std::string directory_;
};

void EndSpans(ProviderCore& core, int count) {
  const auto tracer = core.GetTracer("test", "", "");
  for (int i = 0; i < count; ++i) tracer->StartSpan("span", {{"number", i}})->End();
}

Transport::Outcome Away() {
  return {{base::StatusCode::kUnavailable, "away"}, 0, {}};
}

template <typename Condition>
bool Eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST_F(SpoolTest, GivesBackTheOldestFirst) {
  Spool spool(directory_ + "/deeper", 1 << 20);
  EXPECT_FALSE(spool.Oldest());
  EXPECT_TRUE(spool.Write("one", 1));
  EXPECT_TRUE(spool.Write(std::string(5'000, '2'), 2));
  std::optional<Spool::Entry> entry = spool.Oldest();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->request, "one");
  EXPECT_EQ(entry->spans, 1u);
  spool.Remove(entry->name);
  EXPECT_EQ(spool.Oldest()->request.size(), 5'000u);
  spool.Remove(spool.Oldest()->name);
  EXPECT_FALSE(spool.Oldest());
  EXPECT_EQ(spool.bytes(), 0u);
}

TEST_F(SpoolTest, RefusesTheNewestWhenItIsFull) {
  Spool spool(directory_, 100);
  EXPECT_TRUE(spool.Write(std::string(60, 'a'), 1));
  EXPECT_FALSE(spool.Write(std::string(60, 'b'), 1));
  EXPECT_EQ(spool.Oldest()->request, std::string(60, 'a'));
  const Spool second(directory_, 100);
  EXPECT_EQ(second.bytes(), 80u) << "what is there counts";
}

TEST_F(SpoolTest, SkipsAndCountsWhatIsNotWhole) {
  {
    Spool spool(directory_, 1 << 20);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(spool.Write("request " + std::to_string(i), 1));
  }
  const std::vector<fs::path> files = Files();
  ASSERT_EQ(files.size(), 5u);
  fs::resize_file(files[0], 25);
  fs::resize_file(files[1], 0);
  std::fstream(files[2], std::ios::in | std::ios::out).seekp(24).put('X');
  fs::remove(files[3]);
  fs::create_symlink("/etc/passwd", files[3]);
  Spool spool(directory_, 1 << 20);
  EXPECT_EQ(spool.Oldest()->request, "request 4");
  EXPECT_EQ(spool.corrupt_files(), 4u);
  EXPECT_EQ(Files().size(), 1u);
}

TEST_F(SpoolTest, OnlyOneProcessSends) {
  Spool first(directory_, 1 << 20);
  EXPECT_TRUE(first.Write("one", 1));
  EXPECT_TRUE(first.Oldest());
  Spool second(directory_, 1 << 20);
  EXPECT_FALSE(second.Oldest());
  EXPECT_TRUE(second.Write("two", 1));
}

TEST_F(SpoolTest, ADirectoryThatCannotBeMadeKeepsNothing) {
  Spool spool("/proc/no/such", 1 << 20);
  EXPECT_FALSE(spool.Write("one", 1));
  EXPECT_FALSE(spool.Oldest());
}

// More spans than the buffer holds, none lost.
TEST_F(SpoolTest, AnOutageLosesNothing) {
  std::atomic<bool> away{true};
  FakeCollector collector([&away](int) { return away ? Away() : Transport::Outcome{}; });
  Options options = WithSpool();
  options.max_buffer_bytes = 4 << 20;  // some 50,000 spans
  ProviderCore& core = MakeProviderCore(options, collector.factory());
  constexpr uint64_t kSpans = 120'000;
  EndSpans(core, 1);
  EXPECT_FALSE(core.ForceFlush(milliseconds(0)));
  EXPECT_TRUE(collector.WaitForCalls(1));
  EndSpans(core, 5'999);
  for (uint64_t ended = 6'000; ended < kSpans; ended += 6'000) {
    EndSpans(core, 6'000);
    EXPECT_TRUE(Eventually([&] { return core.stats().spooled + 16'000 > ended; })) << ended;
  }
  away = false;
  EXPECT_TRUE(Eventually([&] {
    (void)core.ForceFlush(milliseconds(100));
    return core.stats().exported + core.stats().spool_exported == kSpans;
  }));
  const Stats stats = core.stats();
  EXPECT_GT(stats.spooled, 0u);
  EXPECT_EQ(stats.spool_exported, stats.spooled);
  EXPECT_EQ(stats.dropped(), 0u);
  EXPECT_EQ(stats.exported + stats.spooled, kSpans);
  EXPECT_EQ(collector.Spans().size(), kSpans);
  EXPECT_TRUE(Files().empty());
  EXPECT_TRUE(core.Shutdown(seconds(5)));
}

// The collector is away, the process ends, and a new one delivers.
TEST_F(SpoolTest, ALaterProcessSendsWhatIsLeft) {
  const pid_t child = fork();
  if (child == 0) {
    FakeCollector collector([](int) { return Away(); });
    ProviderCore& core = MakeProviderCore(WithSpool(), collector.factory());
    EndSpans(core, 25);
    const bool sent = core.Shutdown(milliseconds(50));
    _exit(!sent && core.stats().spooled == 25 && core.stats().dropped() == 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(Files().size(), 1u);

  FakeCollector collector;
  ProviderCore& core = MakeProviderCore(WithSpool(), collector.factory());
  EXPECT_TRUE(collector.WaitForCalls(1)) << "without a span of its own";
  EXPECT_TRUE(core.Shutdown(seconds(5)));
  EXPECT_EQ(collector.Spans().size(), 25u);
}

TEST_F(SpoolTest, WhatIsRefusedForTooLongGoesToDisk) {
  FakeCollector collector([](int) { return Away(); });
  Options options = WithSpool();
  options.exporter.max_retry_time = milliseconds(1);
  ProviderCore& core = MakeProviderCore(options, collector.factory());
  EndSpans(core, 3);
  EXPECT_FALSE(core.ForceFlush(seconds(20)));
  EXPECT_EQ(core.stats().spooled, 3u);
  EXPECT_EQ(core.stats().dropped(), 0u);
  (void)core.Shutdown(seconds(5));
}

}  // namespace
}  // namespace spandrel::sdk
