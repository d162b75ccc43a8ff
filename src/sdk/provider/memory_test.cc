// SPDX-License-Identifier: Apache-2.0
// Scopes and providers that come and go leave nothing behind, and nothing goes that is still used.
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "opentelemetry/trace/provider.h"
#include "sdk/export/transport.h"
#include "sdk/provider/process_hooks.h"
#include "sdk/provider/provider_core.h"
#include "sdk/testing/collector.h"

#if defined(SPANDREL_ADDRESS_SANITIZER) || defined(SPANDREL_THREAD_SANITIZER)
extern "C" size_t __sanitizer_get_current_allocated_bytes();  // of the sanitizers' runtime
#endif

namespace spandrel::sdk {
namespace {

namespace nostd = opentelemetry::nostd;
using opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using std::chrono::seconds;

using ApiProvider = opentelemetry::trace::Provider;
using SpanPtr = nostd::shared_ptr<opentelemetry::trace::Span>;
using TracerPtr = nostd::shared_ptr<opentelemetry::trace::Tracer>;

#if defined(SPANDREL_ADDRESS_SANITIZER) || defined(SPANDREL_THREAD_SANITIZER)
constexpr int kScopes = 4'000;
constexpr int kProviders = 300;
size_t AllocatedBytes() {
  return __sanitizer_get_current_allocated_bytes();
}
#else
constexpr int kScopes = 100'000;
constexpr int kProviders = 3'000;
size_t AllocatedBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}
#endif

size_t EntriesOf(const char* directory) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(directory),
                                           std::filesystem::directory_iterator()));
}

struct Usage {
  size_t bytes = AllocatedBytes();
  size_t threads = EntriesOf("/proc/self/task");
  size_t files = EntriesOf("/proc/self/fd");
};

// As many more bytes as a few scopes and providers that wait to be swept may take. A thread that
// was joined is listed a moment longer, and a peer may still be closing connections.
void ExpectFlat(const Usage& before) {
  constexpr size_t kSlack = 3 << 20;
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  Usage after;
  while ((after.threads > before.threads || after.files > before.files) &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    after = Usage();
  }
  EXPECT_LT(after.bytes, before.bytes + kSlack);
  EXPECT_LE(after.threads, before.threads);
  EXPECT_LE(after.files, before.files);
}

// Takes every request and says yes. The spans that it gets carry their number as start time and the
// name of their scope.
class Peer {
 public:
  explicit Peer(int spans) : seen_(static_cast<size_t>(spans)) {}

  TransportFactory factory() {
    return [this](const ExportOptions&) { return std::make_unique<Link>(*this); };
  }
  std::shared_ptr<RequestSink> sink() { return std::make_shared<Sink>(*this); }

  // How many of the spans came exactly once, under their scope.
  int Exact() {
    std::lock_guard lock(mutex_);
    return static_cast<int>(std::count(seen_.begin(), seen_.end(), 1)) - misplaced_;
  }

 private:
  class Link final : public Transport {
   public:
    explicit Link(Peer& peer) : peer_(peer) {}
    void Send(std::shared_ptr<const std::string> request, std::chrono::milliseconds,
              std::function<void(Outcome)> done) override {
      peer_.Take(*request);
      done({});
    }

   private:
    Peer& peer_;
  };
  class Sink final : public RequestSink {
   public:
    explicit Sink(Peer& peer) : peer_(peer) {}
    bool Export(std::string_view request, Milliseconds) override {
      peer_.Take(std::string(request));
      return true;
    }

   private:
    Peer& peer_;
  };

  void Take(const std::string& bytes) {
    ExportTraceServiceRequest request;
    EXPECT_TRUE(request.ParseFromString(bytes));
    std::lock_guard lock(mutex_);
    for (const auto& resource : request.resource_spans()) {
      for (const auto& scope : resource.scope_spans()) {
        for (const auto& span : scope.spans()) {
          ++seen_.at(span.start_time_unix_nano() - 1);
          misplaced_ += span.name() == scope.scope().name() ? 0 : 1;
        }
      }
    }
  }

  std::mutex mutex_;
  std::vector<uint8_t> seen_;  // guarded by mutex_
  int misplaced_ = 0;          // guarded by mutex_
};

SpanPtr StartNumber(opentelemetry::trace::Tracer& tracer, const std::string& scope, int number) {
  opentelemetry::trace::StartSpanOptions options;
  const std::chrono::nanoseconds start(number + 1);
  options.start_system_time =
      opentelemetry::common::SystemTimestamp(std::chrono::system_clock::time_point(start));
  return tracer.StartSpan(scope, options);
}

// A tracer for one span.
void TraceOnce(opentelemetry::trace::TracerProvider& provider, int number) {
  const std::string scope = "tenant-" + std::to_string(number);
  const TracerPtr tracer = provider.GetTracer(scope, "1", "https://example.com/schema");
  StartNumber(*tracer, scope, number)->End();
}

Options BareOptions() {
  Options options;
  options.service_name = "memory";
  options.detect_resource = false;
  return options;
}

Provider ProviderTo(Peer& peer) {
  return Provider(&MakeProviderCore(BareOptions(), peer.factory()), nullptr);
}

void ExpectAllExported(const Stats& stats, int spans) {
  EXPECT_EQ(stats.ended, static_cast<uint64_t>(spans));
  EXPECT_EQ(stats.exported + stats.dropped(), stats.ended);
  EXPECT_EQ(stats.dropped(), 0u);
}

TEST(MemoryTest, ScopesComeAndGo) {
  Peer peer(kScopes);
  Provider provider = ProviderTo(peer);
  const auto api = provider.tracer_provider();
  const auto trace = [&](int from, int to) {
    for (int i = from; i < to; ++i) TraceOnce(*api, i);
    EXPECT_TRUE(provider.ForceFlush(seconds(60)));
  };
  trace(0, kScopes / 4);
  const Usage before;
  trace(kScopes / 4, kScopes);
  ExpectFlat(before);
  EXPECT_EQ(peer.Exact(), kScopes);
  ExpectAllExported(provider.stats(), kScopes);
}

TEST(MemoryTest, ScopesOfManyThreadsComeAndGo) {
  constexpr int kThreads = 4;
  Peer peer(kScopes);
  Provider provider = ProviderTo(peer);
  const auto api = provider.tracer_provider();
  const auto trace = [&](int from, int to) {
    std::atomic<int> next = from;
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = next++; i < to; i = next++) TraceOnce(*api, i);
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(provider.ForceFlush(seconds(60)));
  };
  trace(0, kScopes / 4);
  const Usage before;
  trace(kScopes / 4, kScopes);
  ExpectFlat(before);
  EXPECT_EQ(peer.Exact(), kScopes);
  ExpectAllExported(provider.stats(), kScopes);
}

// Never answers.
class Silence final : public Transport {
 public:
  void Send(std::shared_ptr<const std::string>, std::chrono::milliseconds,
            std::function<void(Outcome)>) override {}
};

TEST(MemoryTest, ScopesKeepWithinTheBufferWhileThePeerIsAway) {
  Options options = BareOptions();
  options.max_buffer_bytes = 1 << 20;
  Provider provider(
      &MakeProviderCore(options, [](const ExportOptions&) { return std::make_unique<Silence>(); }),
      nullptr);
  const auto api = provider.tracer_provider();
  const Usage before;
  for (int i = 0; i < kScopes; ++i) TraceOnce(*api, i);
  EXPECT_LT(AllocatedBytes(), before.bytes + (8 << 20));
  EXPECT_FALSE(provider.Shutdown(Milliseconds(10)));
  const Stats stats = provider.stats();
  EXPECT_EQ(stats.ended, static_cast<uint64_t>(kScopes));
  EXPECT_EQ(stats.dropped(), stats.ended);
}

TEST(MemoryTest, ProvidersComeAndGo) {
  Peer peer(kProviders);
  const auto trace = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      const Provider provider = ProviderTo(peer);
      TraceOnce(*provider.tracer_provider(), i);
    }
  };
  trace(0, kProviders / 4);
  const Usage before;
  trace(kProviders / 4, kProviders);
  ExpectFlat(before);
  EXPECT_EQ(peer.Exact(), kProviders);
}

TEST(MemoryTest, ProvidersOfManyThreadsComeAndGo) {
  constexpr int kThreads = 4;
  Peer peer(kProviders);
  const auto trace = [&](int from, int to) {
    std::atomic<int> next = from;
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = next++; i < to; i = next++) {
          Options options = BareOptions();
          options.exporter.sink = peer.sink();
          const Provider provider = MakeProvider(options);
          TraceOnce(*provider.tracer_provider(), i);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  };
  trace(0, kProviders / 4);
  const Usage before;
  trace(kProviders / 4, kProviders);
  ExpectFlat(before);
  EXPECT_EQ(peer.Exact(), kProviders);
}

TEST(MemoryTest, ProvidersOfARealCollectorComeAndGo) {
  constexpr int kRounds = kProviders / 10;
  Collector collector;
  const auto trace = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      Options options = BareOptions();
      options.exporter.endpoint = collector.url();
      const Provider provider = MakeProvider(options);
      TraceOnce(*provider.tracer_provider(), i);
    }
  };
  trace(kRounds / 4);
  const Usage before;
  trace(kRounds);
  ExpectFlat(before);
  EXPECT_EQ(collector.spans(), static_cast<size_t>(kRounds + kRounds / 4));
}

TEST(MemoryTest, GlobalProvidersComeAndGo) {
  Peer peer(kProviders);
  const auto trace = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      Options options = BareOptions();
      options.exporter.sink = peer.sink();
      const Provider provider = Init(options);
      TraceOnce(*ApiProvider::GetTracerProvider(), i);
    }
  };
  trace(0, kProviders / 4);
  const Usage before;
  trace(kProviders / 4, kProviders);
  ExpectFlat(before);
  EXPECT_EQ(peer.Exact(), kProviders);
}

TEST(MemoryTest, HandlesOfTheGlobalProviderStaySafe) {
  Peer peer(1);
  Options options = BareOptions();
  options.exporter.sink = peer.sink();
  nostd::shared_ptr<opentelemetry::trace::TracerProvider> kept;
  {
    const Provider provider = Init(options);
    kept = ApiProvider::GetTracerProvider();
    TraceOnce(*kept, 0);
  }
  for (int i = 0; i < 50; ++i) (void)ProviderTo(peer);
  EXPECT_FALSE(kept->GetTracer("t")->StartSpan("s")->IsRecording());
  EXPECT_NE(ApiProvider::GetTracerProvider().get(), kept.get());
  EXPECT_EQ(peer.Exact(), 1);
}

// What is kept of one provider while many others come and go.
TEST(MemoryTest, HandlesAndSpansOutliveTheirProvider) {
  constexpr int kKept = 20;
  constexpr int kOthers = 200;
  Peer peer(kKept + kOthers);
  std::vector<TracerPtr> tracers;
  std::vector<SpanPtr> spans;
  std::vector<SpanPtr> ended;
  for (int i = 0; i < kKept; ++i) {
    const Provider provider = ProviderTo(peer);
    tracers.push_back(provider.tracer_provider()->GetTracer("kept"));
    spans.push_back(provider.tracer_provider()->GetTracer("live")->StartSpan("live"));
    ended.push_back(StartNumber(*tracers.back(), "kept", i));
    ended.back()->End();
  }
  for (int i = 0; i < kOthers; ++i) TraceOnce(*ProviderTo(peer).tracer_provider(), kKept + i);
  for (const SpanPtr& span : ended) span->SetAttribute("k", "v");
  for (const SpanPtr& span : spans) {
    EXPECT_TRUE(span->IsRecording());
    span->SetAttribute("k", "v");
    span->End();
  }
  for (const TracerPtr& tracer : tracers) {
    EXPECT_FALSE(tracer->StartSpan("s")->IsRecording());
  }
  EXPECT_EQ(peer.Exact(), kKept + kOthers);
}

TEST(MemoryTest, TracersOfLiveSpansAreKept) {
  constexpr int kLive = 100;
  Peer peer(kLive + kScopes);
  Provider provider = ProviderTo(peer);
  const auto api = provider.tracer_provider();
  std::vector<SpanPtr> live;
  for (int i = 0; i < kLive; ++i) {
    const std::string scope = "live-" + std::to_string(i);
    live.push_back(StartNumber(*api->GetTracer(scope), scope, i));
  }
  for (int i = 0; i < kScopes; ++i) TraceOnce(*api, kLive + i);
  std::thread([&live] {
    for (const SpanPtr& span : live) span->End();
  }).join();
  EXPECT_TRUE(provider.ForceFlush(seconds(60)));
  EXPECT_EQ(peer.Exact(), kLive + kScopes);
  ExpectAllExported(provider.stats(), kLive + kScopes);
}

TEST(MemoryTest, SpansThatEndAfterTheShutdownAreCountedAsLost) {
  Peer peer(1);
  Provider provider = ProviderTo(peer);
  const SpanPtr span = provider.tracer_provider()->GetTracer("t")->StartSpan("s");
  EXPECT_TRUE(provider.Shutdown(seconds(5)));
  span->End();
  const Stats stats = provider.stats();
  EXPECT_EQ(stats.ended, 1u);
  EXPECT_EQ(stats.dropped_shutdown, 1u);
}

// Threads that live long, with a place for each tracer of the past, and are handed new ones.
TEST(MemoryTest, ThreadsAreHandedTracersOfNewScopesAndProviders) {
  constexpr int kThreads = 3;
  constexpr int kRounds = kProviders / 3;
  struct Inbox {
    std::mutex mutex;
    std::deque<std::pair<TracerPtr, int>> work;  // guarded by mutex
    bool closed = false;                         // guarded by mutex
  };
  Peer peer(kRounds * kThreads);
  std::vector<Inbox> inboxes(kThreads);
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (Inbox& inbox : inboxes) {
    threads.emplace_back([&inbox, &done] {
      while (true) {
        std::pair<TracerPtr, int> item;
        {
          std::lock_guard lock(inbox.mutex);
          if (inbox.work.empty() && inbox.closed) return;
          if (!inbox.work.empty()) {
            item = std::move(inbox.work.front());
            inbox.work.pop_front();
          }
        }
        if (!item.first) {
          std::this_thread::yield();
          continue;
        }
        StartNumber(*item.first, std::to_string(item.second), item.second)->End();
        item.first = nullptr;
        ++done;
      }
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    const Provider provider = ProviderTo(peer);
    for (int t = 0; t < kThreads; ++t) {
      const int number = round * kThreads + t;
      Inbox& inbox = inboxes[static_cast<size_t>(t)];
      std::lock_guard lock(inbox.mutex);
      inbox.work.emplace_back(provider.tracer_provider()->GetTracer(std::to_string(number)),
                              number);
    }
    while (done < (round + 1) * kThreads) std::this_thread::yield();
  }
  for (Inbox& inbox : inboxes) {
    std::lock_guard lock(inbox.mutex);
    inbox.closed = true;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(peer.Exact(), kRounds * kThreads);
}

TEST(MemoryTest, ForkedChildrenSweepToo) {
#if defined(SPANDREL_THREAD_SANITIZER)
  GTEST_SKIP() << "the child starts threads, which this sanitizer does not let it";
#endif
  constexpr int kRounds = 200;
  Peer peer(2 * kRounds + 1);
  Provider provider = ProviderTo(peer);
  const TracerPtr tracer = provider.tracer_provider()->GetTracer("live");
  const SpanPtr live = StartNumber(*tracer, "live", 2 * kRounds);
  TraceOnce(*provider.tracer_provider(), 0);
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < kRounds; ++i) {
      TraceOnce(*provider.tracer_provider(), i);
      TraceOnce(*ProviderTo(peer).tracer_provider(), kRounds + i);
    }
    const bool flushed = provider.ForceFlush(seconds(60));
    const bool exact = provider.stats().exported == kRounds && peer.Exact() == 2 * kRounds;
    _exit(flushed && exact ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace spandrel::sdk
