// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

#include "columnar/engine.h"
#include "columnar/testing/golden.h"
#include "columnar/testing/spans.h"
#include "conformance/test_spans.h"
#include "disk/testing/directory.h"

// Several tenants in one directory: they share a log and two threads, and see nothing of one
// another.
namespace spandrel::columnar {
namespace {

using base::StatusCode;
using conformance::MakeBatch;
using conformance::TestSpan;
using conformance::TraceIdOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

base::Status AppendTo(Engine& engine, const std::string& tenant, span::SpanBatch batch) {
  std::promise<base::Status> done;
  engine.Append(tenant, std::move(batch),
                [&done](base::Status status) { done.set_value(std::move(status)); });
  return done.get_future().get();
}

class TenantsTest : public testing::Test {
 protected:
  TenantsTest() {
    options_.directory = directory_.path();
    options_.tenants = true;
  }
  ~TenantsTest() override {
    engine_.reset();
    fs::remove_all(Copy());
  }

  void Open() {
    engine_.reset();
    auto engine = Engine::Open(options_, metrics_);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }
  base::Status Append(const std::string& tenant, uint64_t trace, const std::string& name = "op") {
    return AppendTo(*engine_, tenant,
                    MakeBatch({{.trace = trace, .name = name, .start = trace * 1000}}));
  }
  // All of `busy` in parts, while the head of `quiet` keeps its one trace in the first log file.
  void SealBusyBesideQuiet() {
    options_.max_log_file_bytes = 4096;
    options_.seal_spans = 10;
    options_.seal_age = std::chrono::hours(1);
    Open();
    ASSERT_TRUE(Append("quiet", 1).ok());
    for (uint64_t trace = 1; trace <= 100; ++trace) ASSERT_TRUE(Append("busy", trace).ok());
    while (engine_->Stats().Figure("part_spans") < 100U) ::usleep(1000);
  }
  std::string Copy() const { return directory_.path() + "-killed"; }
  // As a killed process would leave it.
  void ReopenAsIfKilled() {
    CopyAll();
    ReopenCopy();
  }
  // Once more when a log file that is not needed any more went away meanwhile.
  void CopyAll() {
    std::error_code error;
    do {
      fs::remove_all(Copy());
      fs::copy(directory_.path(), Copy(), fs::copy_options::recursive, error);
    } while (error);
  }
  void ReopenCopy() {
    engine_.reset();
    options_.directory = Copy();
    Open();
  }
  uint64_t CountTraces(const std::string& tenant) {
    const storage::QueryContext context(storage::QueryOptions{.tenants = {tenant}});
    const auto found = engine_->Search(context, {.limit = 10'000});
    EXPECT_TRUE(found.ok()) << found.status().ToString();
    return found.ok() ? found->traces.size() : 0;
  }
  uint64_t Counter(std::string_view name) { return metrics_.AddCounter(name).value(); }

  disk::TestDirectory directory_;
  EngineOptions options_;
  base::MetricRegistry metrics_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(TenantsTest, EachSeesItsOwnSpansOnly) {
  Open();
  for (const char* tenant : {"", "team-a", "team-b"}) {
    ASSERT_TRUE(Append(tenant, 1, "of " + std::string(tenant)).ok());
  }
  ASSERT_TRUE(Append("team-b", 2).ok());
  for (int settled = 0; settled < 2; ++settled) {
    EXPECT_EQ(CountTraces(""), 1U);
    EXPECT_EQ(CountTraces("team-a"), 1U);
    EXPECT_EQ(CountTraces("team-b"), 2U);
    EXPECT_EQ(CountTraces("team-c"), 0U);
    EXPECT_EQ(CountTraces("../parts"), 0U);
    const storage::QueryContext context(storage::QueryOptions{.tenants = {"team-a"}});
    const auto trace = engine_->GetTrace(context, TraceIdOf(1));
    ASSERT_TRUE(trace.ok());
    EXPECT_THAT(std::string(trace->chunks().front()->bytes()), HasSubstr("of team-a"));
    EXPECT_EQ(engine_->GetTrace(context, TraceIdOf(2)).status().code(), StatusCode::kNotFound);
    engine_->Settle();
  }
  EXPECT_EQ(engine_->Stats().spans, 4U);
  EXPECT_EQ(engine_->ForTenant("team-b")->Stats().spans, 2U);
  EXPECT_FALSE(fs::exists(directory_.path() + "/tenants/team-c"));
}

TEST_F(TenantsTest, SeveralAreAskedAsIfTheyWereOne) {
  Open();
  for (uint64_t trace = 1; trace <= 40; ++trace) {
    ASSERT_TRUE(Append(trace % 3 == 0 ? "red" : "blue", trace).ok());
  }
  ASSERT_TRUE(Append("green", 41).ok());
  const storage::QueryContext context(
      storage::QueryOptions{.tenants = {"blue", "nobody", "red", "red"}});
  for (int settled = 0; settled < 2; ++settled) {
    std::vector<span::TraceId> found;
    storage::SearchRequest request{.limit = 7};
    do {
      const auto page = engine_->Search(context, request);
      ASSERT_TRUE(page.ok()) << page.status().ToString();
      for (const auto& trace : page->traces) found.push_back(trace.trace_id);
      request.after = page->next;
    } while (request.after);
    ASSERT_EQ(found.size(), 40U);
    for (uint64_t i = 0; i < 40; ++i) EXPECT_EQ(found[i], TraceIdOf(40 - i));
    EXPECT_TRUE(engine_->GetTrace(context, TraceIdOf(3)).ok());
    EXPECT_TRUE(engine_->GetTrace(context, TraceIdOf(4)).ok());
    EXPECT_EQ(engine_->GetTrace(context, TraceIdOf(41)).status().code(), StatusCode::kNotFound);
    engine_->Settle();
  }
}

// One trace of two tenants, as services of both took part in it.
TEST_F(TenantsTest, ATraceOfSeveralIsWhole) {
  Open();
  ASSERT_TRUE(Append("red", 1, "of red").ok());
  ASSERT_TRUE(
      AppendTo(*engine_, "blue", MakeBatch({{.trace = 1, .span = 2, .name = "b", .start = 2000}}))
          .ok());
  const storage::QueryContext context(storage::QueryOptions{.tenants = {"blue", "red"}});
  for (int settled = 0; settled < 2; ++settled) {
    EXPECT_EQ(engine_->GetTrace(context, TraceIdOf(1))->span_count(), 2U);
    const auto found = engine_->Search(context, {});
    ASSERT_EQ(found->traces.size(), 1U);
    EXPECT_EQ(found->traces.front().span_count, 2U);
    engine_->Settle();
  }
}

TEST_F(TenantsTest, WithoutTenantsAllIsOfOne) {
  options_.tenants = false;
  Open();
  ASSERT_TRUE(Append("team-a", 1).ok());
  EXPECT_EQ(CountTraces("team-b"), 1U);
  engine_->Settle();
  EXPECT_FALSE(fs::exists(directory_.path() + "/tenants"));
}

TEST_F(TenantsTest, ANameThatIsNoneIsRefused) {
  Open();
  for (const std::string& name : {std::string(".."), std::string("a/b"), std::string(151, 'x')}) {
    EXPECT_EQ(Append(name, 1).code(), StatusCode::kInvalidArgument) << name;
  }
  engine_->Settle();
  EXPECT_EQ(engine_->Stats().spans, 0U);
}

TEST_F(TenantsTest, TooManyAreRefused) {
  options_.max_tenants = 2;
  Open();
  EXPECT_TRUE(Append("a", 1).ok());
  EXPECT_TRUE(Append("b", 1).ok());
  EXPECT_EQ(Append("c", 1).code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(Append("a", 2).ok());
  EXPECT_EQ(CountTraces("c"), 0U);
}

TEST_F(TenantsTest, AreFoundAgain) {
  Open();
  for (const char* tenant : {"", "a", "b"}) ASSERT_TRUE(Append(tenant, 1).ok());
  engine_->Settle();
  for (const char* tenant : {"b", "c"}) ASSERT_TRUE(Append(tenant, 2).ok());
  ReopenAsIfKilled();
  const auto expect_all = [this] {
    EXPECT_EQ(CountTraces(""), 1U);
    EXPECT_EQ(CountTraces("a"), 1U);
    EXPECT_EQ(CountTraces("b"), 2U);
    EXPECT_EQ(CountTraces("c"), 1U);
  };
  expect_all();
  Open();
  expect_all();
  // A resent span is known from the parts of its tenant, and of no other one.
  ASSERT_TRUE(Append("b", 2).ok());
  ASSERT_TRUE(Append("a", 2).ok());
  EXPECT_EQ(CountTraces("b"), 2U);
  EXPECT_EQ(CountTraces("a"), 2U);
  EXPECT_EQ(Counter("spandrel_store_missing_log_requests_total"), 0U);
  options_.read_only = true;
  Open();
  EXPECT_EQ(CountTraces("a"), 2U);
  EXPECT_EQ(CountTraces("c"), 1U);
}

// What a version without tenants left behind is the default tenant's.
TEST_F(TenantsTest, AStoreOfOneTenantOpens) {
  fs::create_directory(directory_.path() + "/log");
  fs::copy(GoldenPath("log-v1.log"), directory_.path() + "/log/0000000001.log");
  Open();
  EXPECT_EQ(CountTraces(""), 9U);
  ASSERT_TRUE(Append("a", 1).ok());
  ASSERT_TRUE(Append("", 10).ok());
  Open();
  EXPECT_EQ(CountTraces(""), 10U);
  EXPECT_EQ(CountTraces("a"), 1U);
  engine_->Settle();
  EXPECT_EQ(CountTraces(""), 10U);
  EXPECT_EQ(engine_->Stats().spans, 20U);
}

// One tenant seals head after head; the log keeps what another one has not sealed.
TEST_F(TenantsTest, TheLogWaitsForTheSlowestTenant) {
  ASSERT_NO_FATAL_FAILURE(SealBusyBesideQuiet());
  const uint64_t kept = *engine_->Stats().Figure("log_bytes");
  EXPECT_GE(kept, 3 * options_.max_log_file_bytes);
  CopyAll();
  engine_->Settle();
  EXPECT_LT(*engine_->Stats().Figure("log_bytes"), kept);
  ReopenCopy();
  EXPECT_EQ(CountTraces("quiet"), 1U);
  EXPECT_EQ(CountTraces("busy"), 100U);
}

TEST_F(TenantsTest, AMissingLogFileIsTold) {
  ASSERT_NO_FATAL_FAILURE(SealBusyBesideQuiet());
  CopyAll();
  fs::remove(Copy() + "/log/0000000001.log");
  ReopenCopy();
  EXPECT_EQ(CountTraces("quiet"), 0U);
  EXPECT_EQ(CountTraces("busy"), 100U);
  EXPECT_GT(Counter("spandrel_store_missing_log_requests_total"), 0U);
}

TEST_F(TenantsTest, ADamagedManifestCostsNoOtherTenantASpan) {
  options_.seal_spans = 10;
  options_.seal_age = std::chrono::hours(1);
  Open();
  ASSERT_TRUE(Append("quiet", 1).ok());
  for (uint64_t trace = 1; trace <= 40; ++trace) ASSERT_TRUE(Append("busy", trace).ok());
  while (engine_->Stats().Figure("part_spans") < 40U) ::usleep(1000);
  CopyAll();
  std::ofstream(Copy() + "/tenants/busy/MANIFEST") << "nonsense";
  ReopenCopy();
  EXPECT_EQ(CountTraces("quiet"), 1U);
  EXPECT_EQ(CountTraces("busy"), 40U);
  EXPECT_EQ(Counter("spandrel_store_damaged_manifests_total"), 1U);
}

TEST_F(TenantsTest, OneTenantFillsHalfOfTheMemoryAtMost) {
  options_.seal_bytes = 32 * 1024;
  options_.max_head_bytes = 64 * 1024;
  options_.max_log_file_bytes = 1 << 20;
  Open();
  // Sealing needs the folder of the tenants, and a file is in its way.
  std::ofstream(directory_.path() + "/tenants") << "in the way";
  base::Status status;
  for (uint64_t trace = 1; status.ok() && trace < 10'000; ++trace) status = Append("a", trace);
  EXPECT_TRUE(status.retryable() && status.retry_after()) << status.ToString();
  EXPECT_TRUE(Append("b", 1).ok());
  fs::remove(directory_.path() + "/tenants");
  engine_->Settle();
  EXPECT_TRUE(Append("a", 20'000).ok());
}

// ---- a thousand ----

constexpr int kTenants = 1000;

std::string TenantName(int number) {
  return "tenant-" + std::to_string(number);
}

span::SpanBatch BatchFor(int number, uint64_t trace) {
  std::vector<TestSpan> spans;
  for (uint64_t span = 1; span <= 20; ++span) {
    spans.push_back({.trace = trace,
                     .span = span,
                     .parent = span - 1,
                     .name = "op-" + std::to_string(span),
                     .start = 1'000'000 * trace + span,
                     .attributes = {{"tenant", TenantName(number)}}});
  }
  return MakeBatch(spans);
}

void AppendToAll(Engine& engine, uint64_t trace) {
  std::atomic<int> left{kTenants};
  std::promise<void> all;
  for (int number = 0; number < kTenants; ++number) {
    engine.Append(TenantName(number), BatchFor(number, trace), [&](const base::Status& status) {
      if (!status.ok()) std::abort();
      if (--left == 0) all.set_value();
    });
  }
  all.get_future().wait();
}

// What this process or folder occupies.
struct Usage {
  double memory_mib = 0;  // resident
  double heap_mib = 0;    // allocated; the allocator may have more
  double disk_mib = 0;
  int64_t threads = 0;
};

Usage UsageWith(const std::string& directory) {
  Usage usage;
  uint64_t total_pages = 0;
  uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;
  usage.memory_mib = static_cast<double>(resident_pages) * 4096 / (1 << 20);
  const struct mallinfo2 heap = ::mallinfo2();
  usage.heap_mib = static_cast<double>(heap.uordblks + heap.hblkhd) / (1 << 20);
  usage.threads = std::distance(fs::directory_iterator("/proc/self/task"), {});
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    struct stat info {};
    if (::lstat(entry.path().c_str(), &info) == 0) {
      usage.disk_mib += static_cast<double>(info.st_blocks) * 512 / (1 << 20);
    }
  }
  return usage;
}

class ThousandTenantsTest : public testing::Test {
 protected:
  ThousandTenantsTest() {
    // In memory where that is possible: it is not the disk that is tested.
    std::string path = fs::exists("/dev/shm") ? "/dev/shm/" : fs::temp_directory_path() / "";
    path += "spandrel-tenants-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) std::abort();
    options_.directory = path;
    options_.tenants = true;
    options_.log_idle = std::chrono::milliseconds(100);
  }
  ~ThousandTenantsTest() override { fs::remove_all(options_.directory); }

  std::unique_ptr<Engine> Open() {
    auto engine = Engine::Open(options_, metrics_);
    EXPECT_TRUE(engine.ok()) << engine.status().ToString();
    return std::move(*engine);
  }
  static void ExpectAll(Engine& engine, uint64_t traces) {
    for (int number = 0; number < kTenants; ++number) {
      const auto tenant = engine.ForTenant(TenantName(number));
      for (uint64_t trace = 1; trace <= traces; ++trace) {
        const auto found = tenant->GetTrace({}, TraceIdOf(trace));
        ASSERT_TRUE(found.ok()) << TenantName(number) << ": " << found.status().ToString();
        ASSERT_EQ(found->span_count(), 20U);
      }
    }
  }

  EngineOptions options_;
  base::MetricRegistry metrics_;
};

TEST_F(ThousandTenantsTest, CostNoThreadAndLittleElse) {
  const pid_t child = ::fork();
  if (child == 0) {
    base::MetricRegistry metrics;
    auto engine = Engine::Open(options_, metrics);
    if (!engine.ok()) ::_exit(1);
    AppendToAll(**engine, 1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;

  auto engine = Open();
  const Usage one_log = UsageWith(options_.directory);
  ExpectAll(*engine, 1);
  AppendToAll(*engine, 2);
  engine->Settle();
  ExpectAll(*engine, 2);
  engine->Settle();
  const Usage settled = UsageWith(options_.directory);
  EXPECT_EQ(settled.threads, one_log.threads);
  engine.reset();

  const Usage closed = UsageWith(options_.directory);
  engine = Open();
  engine->Settle();
  while (engine->Stats().Figure("log_bytes") > 0U) ::usleep(1000);
  const Usage idle = UsageWith(options_.directory);
  EXPECT_LE(idle.threads, closed.threads + 3);
  const double memory =
      std::max(idle.memory_mib - closed.memory_mib, idle.heap_mib - closed.heap_mib) / kTenants;
  const double reserve = static_cast<double>(*engine->Stats().Figure("reserve_bytes")) / (1 << 20);
  const double disk = (idle.disk_mib - reserve) / kTenants;
  EXPECT_LT(memory, 1.0);
  EXPECT_LT(disk, 1.0);
  RecordProperty("kib_of_memory_each", std::to_string(memory * 1024));
  RecordProperty("kib_of_disk_each", std::to_string(disk * 1024));
  std::printf("idle, each of %d tenants: %.1f KiB of memory, %.1f KiB of disk; %ld threads\n",
              kTenants, memory * 1024, disk * 1024, static_cast<long>(idle.threads));
  ExpectAll(*engine, 2);
}

}  // namespace
}  // namespace spandrel::columnar
