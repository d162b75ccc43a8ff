// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string_view>

#include "base/log.h"
#include "columnar/testing/spans.h"
#include "crash/driver.h"
#include "crash/ledger.h"
#include "crash/store_check.h"
#include "span/span_batch.h"
#include "wire/otlp/otlp.h"

// A small program around the engine: `run` writes requests and closes, merges and opens the store
// between them, `reopen` opens and closes it, `check` compares it with a ledger, `damage` damages
// copies of it. The fault shim makes system calls of these fail.
namespace spandrel::crash {
namespace {

using columnar::Engine;
using EngineResult = base::Result<std::unique_ptr<Engine>>;

constexpr int kFoundLoss = 1;
constexpr int kCannotOpen = 3;  // as it must be while the disk fails
constexpr uint64_t kOutstanding = 3;

span::SpanBatch BatchOf(uint64_t number, const RequestShape& shape) {
  auto request =
      wire::DecodeOtlpProtobuf(base::MakeSharedBytes(EncodeNumberedRequest(number, shape)));
  return span::SpanBatch(request->chunk);
}

// Sends with a few requests outstanding, so that the log writes groups of them.
class Sender {
 public:
  Sender(LedgerWriter& ledger, const RequestShape& shape) : ledger_(ledger), shape_(shape) {}

  void Send(Engine& engine, uint64_t number) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return outstanding_ < kOutstanding; });
      ++outstanding_;
    }
    ledger_.NoteSent(number);
    const std::string tenant = NumberedTenant(number, shape_);
    engine.Append(tenant, BatchOf(number, shape_), [this, number](const base::Status& status) {
      if (status.ok()) ledger_.NoteAcknowledged(number);
      std::lock_guard lock(mutex_);
      --outstanding_;
      changed_.notify_all();
    });
  }

  void WaitForAll() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return outstanding_ == 0; });
  }

 private:
  LedgerWriter& ledger_;
  const RequestShape shape_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t outstanding_ = 0;  // guarded by mutex_
};

uint64_t FilesInQuarantine(const std::string& directory) {
  std::error_code missing;
  uint64_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, missing)) {
    count += entry.path().parent_path().filename() == "quarantine" ? 1 : 0;
  }
  return count;
}

EngineResult OpenStore(const DriverJob& job, base::MetricRegistry& metrics) {
  EngineResult engine = Engine::Open(OptionsFor(job), metrics);
  if (!engine.ok()) std::fprintf(stderr, "%s\n", engine.status().ToString().c_str());
  return engine;
}

int Run(const DriverJob& job) {
  Ledger known;
  static_cast<void>(ReadLedger(job.ledger, &known));
  auto ledger = LedgerWriter::Open(job.ledger);
  if (!ledger.ok()) return 2;
  uint64_t number = known.next_number();
  Sender sender(*ledger, job.shape);
  for (int session = 0; session < 2; ++session) {
    base::MetricRegistry metrics;
    auto engine = OpenStore(job, metrics);
    if (!engine.ok()) return kCannotOpen;
    for (uint64_t sent = 1; sent <= job.requests / 2; ++sent) {
      sender.Send(**engine, number++);
      if (sent % 12 == 0) (*engine)->Settle();
    }
    sender.WaitForAll();
    // The second session ends like a process that died: its head is in the log only.
    if (session == 1) std::quick_exit(0);
    (*engine)->Close();
  }
  return 0;
}

int Reopen(const DriverJob& job) {
  base::MetricRegistry metrics;
  auto engine = OpenStore(job, metrics);
  if (!engine.ok()) return kCannotOpen;
  (*engine)->Settle();
  (*engine)->Close();
  return 0;
}

// Opens, compares, writes, closes.
bool CheckOnce(const DriverJob& job, const Ledger& ledger, bool last) {
  base::MetricRegistry metrics;
  auto engine = OpenStore(job, metrics);
  if (!engine.ok()) return false;
  const Findings findings = CheckStore(**engine, ledger, job.shape, job.others);
  const auto owner = (*engine)->ForTenant(NumberedTenant(kProbeNumber, job.shape));
  const base::Status written = columnar::AppendAndWait(*owner, ProbeBatch(job.shape));
  if (!job.large) (*engine)->Settle();
  const uint64_t damage = ReportedDamage(metrics) + FilesInQuarantine(job.directory);
  const bool good = findings.is_clean() && written.ok() && (!job.pristine || damage == 0);
  if (last || !good) {
    std::printf("%s damage=%lu unwritable=%d\n", findings.ToString().c_str(), damage,
                !written.ok());
  }
  return good;
}

// Twice, since recovery must not change what a second one finds. A large store once.
int Check(const DriverJob& job) {
  Ledger ledger;
  if (!ReadLedger(job.ledger, &ledger).ok()) return 2;
  // The probe of an earlier check may be there.
  ledger.requests[kProbeNumber] = false;
  const bool good = (job.large || CheckOnce(job, ledger, false)) && CheckOnce(job, ledger, true);
  return good ? 0 : kFoundLoss;
}

bool ParseOption(std::string_view option, DriverJob* job) {
  const size_t equals = option.find('=');
  if (equals == std::string_view::npos) return false;
  uint64_t value = 0;
  const std::string_view text = option.substr(equals + 1);
  if (std::from_chars(text.begin(), text.end(), value).ec != std::errc()) return false;
  const std::string_view name = option.substr(0, equals);
  if (name == "requests") job->requests = value;
  if (name == "traces") job->shape.traces = static_cast<uint32_t>(value);
  if (name == "spans") job->shape.spans_per_trace = static_cast<uint32_t>(value);
  if (name == "tenants" && value != 0) job->shape.tenants = static_cast<uint32_t>(value);
  if (name == "large") job->large = value != 0;
  if (name == "others") job->others = value != 0;
  if (name == "pristine") job->pristine = value != 0;
  if (name == "every") job->every = value;
  if (name == "first") job->first = value;
  return true;
}

int Main(int count, char** arguments) {
  DriverJob job;
  bool good = count >= 4;
  for (int i = 4; good && i < count; ++i) good = ParseOption(arguments[i], &job);
  const std::string_view command = good ? arguments[1] : "";
  if (good) {
    job.directory = arguments[2];
    job.ledger = arguments[3];
  }
  if (command == "run") return Run(job);
  if (command == "reopen") return Reopen(job);
  if (command == "check") return Check(job);
  if (command == "damage") return DamageEverything(job) == 0 ? 0 : kFoundLoss;
  std::fprintf(stderr, "usage: store_driver run|reopen|check|damage DIR LEDGER [NAME=NUMBER]...\n");
  return 2;
}

}  // namespace

span::SpanBatch ProbeBatch(const RequestShape& shape) {
  return BatchOf(kProbeNumber, shape);
}

columnar::EngineOptions OptionsFor(const DriverJob& job) {
  columnar::EngineOptions options;
  options.directory = job.directory;
  options.create_directory = true;
  options.tenants = true;
  if (job.large) return options;
  options.seal_spans = 60;
  options.merge_fan_in = 3;
  options.max_log_file_bytes = 16 * 1024;
  options.reserve_bytes = 64 * 1024;
  return options;
}

uint64_t ReportedDamage(const base::MetricRegistry& metrics) {
  constexpr std::array<std::string_view, 4> kDamageCounters = {
      "spandrel_store_damaged_log_places_total", "spandrel_store_missing_log_requests_total",
      "spandrel_store_quarantined_parts_total", "spandrel_store_unreadable_spans_total"};
  uint64_t damage = 0;
  for (const auto& sample : metrics.Collect()) {
    for (const std::string_view name : kDamageCounters) {
      if (sample.name == name) damage += static_cast<uint64_t>(sample.value);
    }
  }
  return damage;
}

}  // namespace spandrel::crash

int main(int count, char** arguments) {
  return spandrel::crash::Main(count, arguments);
}
