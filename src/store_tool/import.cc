// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <vector>

#include "base/mutex.h"
#include "base/tenant_name.h"
#include "store_tool/otlp_file.h"
#include "store_tool/store_command.h"

namespace spandrel::store_tool {
namespace {

using base::Status;
using base::StatusCode;

// Together they go to disk with one sync.
constexpr size_t kBatchesInFlight = 16;
constexpr std::chrono::milliseconds kDefaultRetryDelay{100};

// Appends batches to a store, several at a time, and those again that it has no room for yet. One
// thread adds; the store answers from its own.
class Appender {
 public:
  explicit Appender(columnar::Engine& store) : store_(store) {}

  // Waits for room. False when the store refused a batch for good.
  bool Add(span::SpanBatch batch) {
    AwaitFewerThan(kBatchesInFlight);
    Send(std::move(batch));
    return refusal().ok();
  }
  // Waits until all is answered.
  void Finish() { AwaitFewerThan(1); }

  uint64_t stored_spans() const {
    base::MutexLock lock(mutex_);
    return stored_spans_;
  }
  Status refusal() const {
    base::MutexLock lock(mutex_);
    return refusal_;
  }

 private:
  void Send(span::SpanBatch batch) {
    {
      base::MutexLock lock(mutex_);
      ++in_flight_;
    }
    span::SpanBatch copy = batch;
    store_.Append(std::move(copy), [this, batch = std::move(batch)](const Status& status) {
      Answered(status, batch);
    });
  }

  void Answered(const Status& status, const span::SpanBatch& batch) {
    base::MutexLock lock(mutex_);
    --in_flight_;
    if (status.ok()) {
      stored_spans_ += batch.span_count();
    } else if (status.retryable()) {
      again_.push_back(batch);
      delay_ = status.retry_after().value_or(kDefaultRetryDelay);
    } else {
      refusal_ = status;
    }
    changed_.NotifyAll();
  }

  void AwaitFewerThan(size_t limit) {
    base::MutexLock lock(mutex_);
    while (in_flight_ + again_.size() >= limit) {
      if (again_.empty()) {
        changed_.Wait(lock);
        continue;
      }
      changed_.WaitFor(lock, delay_);
      std::vector<span::SpanBatch> batches = std::exchange(again_, {});
      lock.Unlock();
      for (span::SpanBatch& batch : batches) Send(std::move(batch));
      lock.Lock();
    }
  }

  columnar::Engine& store_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  size_t in_flight_ SPANDREL_GUARDED_BY(mutex_) = 0;
  std::vector<span::SpanBatch> again_ SPANDREL_GUARDED_BY(mutex_);
  std::chrono::milliseconds delay_ SPANDREL_GUARDED_BY(mutex_){0};
  uint64_t stored_spans_ SPANDREL_GUARDED_BY(mutex_) = 0;
  Status refusal_ SPANDREL_GUARDED_BY(mutex_);
};

class Import {
 public:
  Import(columnar::Engine& store, const Interrupts& interrupts)
      : appender_(store), interrupts_(interrupts) {}

  Status ReadFile(const std::string& path) {
    auto source = ByteSource::Open(path);
    if (!source.ok()) return source.status();
    OtlpFileReader reader(*std::move(source));
    while (!interrupts_.came()) {
      auto entry = reader.Next();
      const bool was_woken =
          !entry.ok() && entry.status().code() == StatusCode::kCancelled && interrupts_.came();
      if (was_woken) return {};
      if (!entry.ok()) return entry.status().Annotate(path);
      if (!*entry) return {};
      rejected_spans_ += (*entry)->rejected_spans;
      if (!appender_.Add((*entry)->batch)) return appender_.refusal();
      line_.Show(appender_.stored_spans(), reader.source().position(), reader.source().size());
    }
    return {};
  }

  void Finish() {
    appender_.Finish();
    line_.Clear();
  }
  Status refusal() const { return appender_.refusal(); }
  uint64_t spans() const { return appender_.stored_spans(); }
  uint64_t rejected_spans() const { return rejected_spans_; }

 private:
  Appender appender_;
  const Interrupts& interrupts_;
  ProgressLine line_{"import"};
  uint64_t rejected_spans_ = 0;
};

}  // namespace

int ImportFiles(columnar::Engine& store, base::MetricRegistry& metrics,
                const StoreCommandOptions& options, const Interrupts& interrupts) {
  if (!options.tenant.empty() && !base::IsTenantName(options.tenant)) {
    return Fail({StatusCode::kInvalidArgument,
                 "--tenant: expected 1 to 150 letters, digits, '-', '_', '.'"});
  }
  const auto tenant = store.ForTenant(options.tenant);
  Import import(*tenant, interrupts);
  Status status;
  for (const std::string& path : options.inputs) {
    if (status.ok() && !interrupts.came()) status = import.ReadFile(path);
  }
  import.Finish();
  if (status.ok()) status = import.refusal();
  const uint64_t known = metrics.AddCounter("spandrel_store_resent_spans_total").value();
  fmt::print("read {} spans: {} stored, {} were stored already\n", WithCommas(import.spans()),
             WithCommas(import.spans() - known), WithCommas(known));
  if (import.rejected_spans() > 0) {
    fmt::print("{} spans left out, their ids are not valid\n", WithCommas(import.rejected_spans()));
  }
  if (!status.ok()) return Fail(status);
  if (!interrupts.came()) return 0;
  fmt::print(stderr, "spandrel: interrupted; what was read is stored, import again for the rest\n");
  return kInterruptedStatus;
}

}  // namespace spandrel::store_tool
