// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <random>

#include "columnar/compaction/trace_policy.h"
#include "columnar/engine.h"
#include "columnar/testing/spans.h"
#include "conformance/test_spans.h"
#include "disk/testing/directory.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

// A child process appends through an Engine and writes the number of each acknowledged trace to a
// pipe; the parent kills it with SIGKILL at a random moment, opens the directory itself, and wants
// every acknowledged trace back exactly as it was sent.
namespace spandrel::columnar {
namespace {

using conformance::TestSpan;

constexpr int kRounds = 12;

EngineOptions OptionsFor(const std::string& directory) {
  EngineOptions options;
  options.directory = directory;
  options.seal_spans = 60;  // so that kills also hit seals, merges and new log files
  options.merge_fan_in = 3;
  options.max_log_file_bytes = 64 * 1024;
  return options;
}

// What is sent as trace `number`, the same in both processes.
std::vector<TestSpan> SpansOf(uint64_t number) {
  std::mt19937_64 random(number);
  std::vector<TestSpan> spans;
  const uint64_t count = 1 + random() % 5;
  for (uint64_t i = 1; i <= count; ++i) {
    spans.push_back({.trace = number,
                     .span = i,
                     .parent = i - 1,
                     .name = "op-" + std::to_string(random() % 10),
                     .start = 1'000'000 + number * 1000 + i,
                     .attributes = {{"payload", std::string(random() % 600, 'p')}}});
  }
  return spans;
}

// All spans of this test are old, so a part is judged as soon as it is there.
EngineOptions OptionsWithPolicy(const std::string& directory) {
  EngineOptions options = OptionsFor(directory);
  options.policy.keep_whole_for = std::chrono::minutes(1);
  options.policy.keep_one_in = 3;
  return options;
}

[[noreturn]] void RunChild(const EngineOptions& options, uint64_t first_trace, int ack_pipe) {
  base::MetricRegistry metrics;
  auto engine = Engine::Open(options, metrics);
  if (!engine.ok()) ::_exit(1);
  for (uint64_t number = first_trace;; ++number) {
    (*engine)->Append(conformance::MakeBatch(SpansOf(number)), [=](const base::Status& status) {
      if (!status.ok()) return;
      if (::write(ack_pipe, &number, sizeof(number)) != sizeof(number)) ::_exit(2);
    });
    while ((*engine)->Stats().Figure("log_waiting_bytes").value() > 8192) ::usleep(50);
  }
}

// Reads acknowledgements until `wanted` have come, then kills the child and reads the rest.
std::vector<uint64_t> KillAfter(pid_t child, int pipe, size_t wanted) {
  std::vector<uint64_t> acknowledged;
  uint64_t number = 0;
  while (::read(pipe, &number, sizeof(number)) == sizeof(number)) {
    acknowledged.push_back(number);
    if (acknowledged.size() == wanted) ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  return acknowledged;
}

std::vector<uint64_t> RunAndKill(const EngineOptions& options, uint64_t first_trace,
                                 size_t wanted) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    RunChild(options, first_trace, ends[1]);
  }
  ::close(ends[1]);
  auto acknowledged = KillAfter(child, ends[0], wanted);
  ::close(ends[0]);
  return acknowledged;
}

std::map<span::SpanId, std::string> MessagesOf(const span::SpanBatch& batch) {
  std::map<span::SpanId, std::string> messages;
  span::ForEachSpan(batch, [&](const span::SpanRef& span) {
    messages[span.entry().span_id] = span.span().message;
  });
  return messages;
}

TEST(CrashTest, KilledProcessesLoseNothingThatWasAcknowledged) {
  const disk::TestDirectory directory;
  std::mt19937_64 random(::getpid());
  std::vector<uint64_t> ledger;
  uint64_t next = 1;
  for (int round = 0; round < kRounds; ++round) {
    const auto acknowledged = RunAndKill(OptionsFor(directory.path()), next, 1 + random() % 150);
    ASSERT_FALSE(acknowledged.empty());
    ledger.insert(ledger.end(), acknowledged.begin(), acknowledged.end());
    next = ledger.back() + 100'000;
  }
  base::MetricRegistry metrics;
  auto engine = Engine::Open(OptionsFor(directory.path()), metrics);
  ASSERT_TRUE(engine.ok()) << engine.status().ToString();
  for (const uint64_t number : ledger) {
    const auto trace = (*engine)->GetTrace({}, conformance::TraceIdOf(number));
    ASSERT_TRUE(trace.ok()) << "lost trace " << number;
    EXPECT_EQ(MessagesOf(*trace), MessagesOf(conformance::MakeBatch(SpansOf(number))));
  }
  EXPECT_TRUE(AppendAndWait(**engine, conformance::MakeBatch(SpansOf(next))).ok());
}

// How many spans the traces of `ledger` have that are there, and how many they stand for at most.
// Each must be there as it was sent, or have been dropped by the policy.
void ExpectWholeOrDropped(Engine& engine, const std::vector<uint64_t>& ledger,
                          const PolicyOptions& policy_options, uint64_t* stored, uint64_t* kept) {
  TracePolicy policy(policy_options);
  for (const uint64_t number : ledger) {
    const auto spans = conformance::MakeBatch(SpansOf(number));
    const uint16_t weight = policy.Offer(conformance::TraceIdOf(number), {}).weight;
    *kept += weight * spans.span_count();
    const auto trace = engine.GetTrace({}, conformance::TraceIdOf(number));
    if (!trace.ok()) {
      EXPECT_EQ(weight, 0) << "lost trace " << number;
      continue;
    }
    *stored += spans.span_count();
    EXPECT_EQ(MessagesOf(*trace), MessagesOf(spans)) << number;
  }
}

TEST(CrashTest, ATraceIsWholeOrDroppedWhereverItsPolicyIsKilled) {
  const disk::TestDirectory directory;
  const EngineOptions options = OptionsWithPolicy(directory.path());
  std::mt19937_64 random(::getpid());
  std::vector<uint64_t> ledger;
  uint64_t next = 1;
  for (int round = 0; round < kRounds; ++round) {
    const auto acknowledged = RunAndKill(options, next, 1 + random() % 150);
    ASSERT_FALSE(acknowledged.empty());
    ledger.insert(ledger.end(), acknowledged.begin(), acknowledged.end());
    next = ledger.back() + 100'000;
    // As it was left, without applying the policy again.
    EngineOptions as_it_is = options;
    as_it_is.policy = {};
    as_it_is.seal_spans = 1'000'000;
    base::MetricRegistry metrics;
    auto engine = Engine::Open(as_it_is, metrics);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    uint64_t stored = 0;
    uint64_t kept = 0;
    ExpectWholeOrDropped(**engine, ledger, options.policy, &stored, &kept);
  }
  base::MetricRegistry metrics;
  auto engine = Engine::Open(options, metrics);
  ASSERT_TRUE(engine.ok()) << engine.status().ToString();
  (*engine)->Settle();
  uint64_t stored = 0;
  uint64_t kept = 0;
  ExpectWholeOrDropped(**engine, ledger, options.policy, &stored, &kept);
  const auto counted = (*engine)->Aggregate({}, {});
  ASSERT_TRUE(counted.ok());
  // Traces that were not acknowledged any more may be there too, so what is stored may be more.
  EXPECT_EQ(counted->series.at(0).buckets.at(0).count, 3 * (*engine)->Stats().spans);
  EXPECT_LE(kept, 3 * (*engine)->Stats().spans);
  EXPECT_EQ(3 * stored, kept);
}

}  // namespace
}  // namespace spandrel::columnar
