// SPDX-License-Identifier: Apache-2.0
#include "columnar/engine.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/log.h"
#include "columnar/background/maintenance.h"
#include "columnar/log/span_log.h"
#include "columnar/options/store_layout.h"
#include "columnar/read/aggregate.h"
#include "columnar/read/catalog.h"
#include "columnar/read/dependencies.h"
#include "columnar/read/export.h"
#include "columnar/read/lists.h"
#include "columnar/read/measure.h"
#include "columnar/read/search.h"
#include "columnar/read/trace_scan.h"
#include "columnar/read/value_counts.h"
#include "columnar/read/verify.h"
#include "columnar/recovery.h"
#include "columnar/snapshot/part_set.h"
#include "columnar/snapshot/stored_spans.h"
#include "columnar/store_gauges.h"
#include "disk/directory.h"
#include "disk/space_reserve.h"
#include "storage/narrow.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr std::chrono::milliseconds kRetryWhenSealing{500};

// Makes the folders and takes the directory for this process.
Result<disk::DirectoryLock> TakeDirectory(const EngineOptions& options, const StoreLayout& layout) {
  if (options.create_directory) SPANDREL_RETURN_IF_ERROR(disk::MakeFolder(layout.root));
  Result<disk::DirectoryLock> lock = disk::DirectoryLock::Take(layout.root, layout.LockFile());
  if (!lock.ok()) return lock;
  SPANDREL_RETURN_IF_ERROR(disk::MakeFolder(layout.LogFolder()));
  SPANDREL_RETURN_IF_ERROR(disk::MakeFolder(layout.PartFolder()));
  SPANDREL_RETURN_IF_ERROR(disk::MakeFolder(layout.QuarantineFolder()));
  SPANDREL_RETURN_IF_ERROR(disk::SyncFolder(layout.root));
  return lock;
}

// The same for a store that is only looked at, and so must be there.
Result<disk::DirectoryLock> TakeExisting(const StoreLayout& layout) {
  if (!disk::FileExists(layout.PartFolder()) || !disk::FileExists(layout.LogFolder())) {
    return Status(StatusCode::kNotFound, layout.root + ": there is no store");
  }
  return disk::DirectoryLock::Take(layout.root, layout.LockFile());
}

bool AnyHeadDamaged(const Snapshot& snapshot) {
  return std::any_of(snapshot.heads.begin(), snapshot.heads.end(),
                     [](const HeadView& head) { return head.damaged(); });
}

}  // namespace

// The parts in the order in which they are started; they end in the reverse order.
class Engine::Impl {
 public:
  Impl(EngineOptions options, base::MetricRegistry& metrics)
      : options_(std::move(options)),
        layout_(options_.directory, options_.read_only),
        metrics_(metrics),
        refused_(metrics.AddCounter("spandrel_store_refused_spans_total",
                                    "Spans that the store refused; the sender was told.",
                                    {{"reason", "unsealed"}})) {}
  ~Impl() { Close(); }

  Status Open();
  void Close();

  void Append(span::SpanBatch&& batch, storage::Completion done);
  storage::StoreStats Stats() const;
  void Settle() {
    std::lock_guard lock(close_mutex_);
    if (!closed_ && !options_.read_only) maintenance_->RunNow();
  }
  const EngineOptions& options() const { return options_; }
  std::vector<PartInfo> Parts() const;
  Result<TraceWalk> Walk(const storage::QueryContext& context,
                         const std::vector<TraceStart>& traces, const TraceVisitor& visit);
  VerifyReport Verify(const VerifyProgress& progress);

  // Runs a query on what is stored now. When a part turns out to be damaged, it is left out of the
  // next try and set aside in the background; a parked head is brought back into memory, as far as
  // it can be. An answer that used a part whose disk failed does not count.
  template <typename Query>
  auto Read(Query&& query) {
    while (true) {
      const Snapshot snapshot = stored_->TakeSnapshot();
      auto result = query(snapshot);
      if (AnyHeadDamaged(snapshot)) {
        stored_->RestoreDamaged();
        continue;
      }
      const bool found_damage = std::any_of(snapshot.parts.begin(), snapshot.parts.end(),
                                            [](const PartPtr& part) { return part->damaged(); });
      if (!found_damage) return result;
      maintenance_->WakeTidier();
      const bool reliable = std::none_of(snapshot.parts.begin(), snapshot.parts.end(),
                                         [](const PartPtr& part) { return part->read_failed(); });
      const bool done = result.ok() || result.status().code() != StatusCode::kDataLoss;
      if (reliable && done) return result;
    }
  }

 private:
  const EngineOptions options_;
  const StoreLayout layout_;
  base::MetricRegistry& metrics_;
  base::Counter& refused_;

  std::mutex close_mutex_;
  std::atomic<bool> closed_{true};
  std::optional<disk::DirectoryLock> lock_;
  std::optional<disk::SpaceReserve> reserve_;
  std::unique_ptr<PartSet> parts_;
  std::unique_ptr<StoredSpans> stored_;
  std::unique_ptr<Maintenance> maintenance_;
  std::unique_ptr<SpanLog> log_;
  std::vector<std::shared_ptr<void>> gauges_;
  // Of a read-only store.
  std::vector<disk::Damage> damage_;
  uint64_t closed_log_bytes_ = 0;
};

Status Engine::Impl::Open() {
  SPANDREL_RETURN_IF_ERROR(options_.Validate());
  Result<disk::DirectoryLock> lock =
      options_.read_only ? TakeExisting(layout_) : TakeDirectory(options_, layout_);
  if (!lock.ok()) return lock.status();
  lock_.emplace(std::move(*lock));
  Result<std::unique_ptr<PartSet>> parts = PartSet::Open(layout_, metrics_);
  if (!parts.ok()) return parts.status();
  parts_ = std::move(*parts);
  if (!options_.read_only) {
    reserve_.emplace(layout_.ReserveFile(), options_.reserve_bytes);
    parts_->UseReserve(&*reserve_);
  }
  const auto wake_sealer = [this] { maintenance_->WakeSealer(); };
  stored_ = std::make_unique<StoredSpans>(options_, metrics_,
                                          StoredSpans::Events{wake_sealer, wake_sealer});
  stored_->Install(parts_->parts());
  maintenance_ = std::make_unique<Maintenance>(options_, layout_, *parts_, *stored_,
                                               reserve_ ? &*reserve_ : nullptr, metrics_);
  Result<journal::LogReplay> replay =
      RecoverLog(layout_, parts_->sealed_through(), *stored_, metrics_);
  if (!replay.ok()) return replay.status();
  if (options_.read_only) {
    damage_ = parts_->damage();
    damage_.insert(damage_.end(), replay->damage.begin(), replay->damage.end());
    for (const journal::ClosedLogFile& file : replay->files) closed_log_bytes_ += file.bytes;
    closed_ = false;
    return {};
  }
  // What was recovered is sealed in the background, at once, so that a server which is killed often
  // does not replay more each time.
  const auto publish = [this](const span::SpanBatch& batch, uint64_t sequence) {
    stored_->Add(batch, sequence);
  };
  auto log = SpanLog::Open(options_, layout_, *std::move(replay), metrics_, publish, &*reserve_);
  if (!log.ok()) return log.status();
  log_ = std::move(*log);
  log_->Release(parts_->sealed_through());
  maintenance_->Start(*log_);
  gauges_ = AddStoreGauges(metrics_, options_, [this] { return Stats(); });
  closed_ = false;
  return {};
}

void Engine::Impl::Close() {
  std::lock_guard lock(close_mutex_);
  if (closed_.exchange(true)) return;
  if (options_.read_only) return lock_.reset();
  gauges_.clear();
  log_->Stop();
  maintenance_->Stop();
  log_->Release(parts_->sealed_through());
  if (reserve_) reserve_->Remove();
  lock_.reset();
}

void Engine::Impl::Append(span::SpanBatch&& batch, storage::Completion done) {
  if (closed_) return done(Status(StatusCode::kUnavailable, "store: closed"));
  if (options_.read_only) {
    return done(Status(StatusCode::kFailedPrecondition, "store: opened to be read only"));
  }
  if (batch.empty()) return done(Status());
  if (stored_->head_bytes() + log_->waiting_bytes() > options_.max_head_bytes) {
    refused_.Add(batch.span_count());
    return done(Status::Unavailable("store: sealing is behind", kRetryWhenSealing));
  }
  log_->Append(std::move(batch), std::move(done));
}

storage::StoreStats Engine::Impl::Stats() const {
  storage::StoreStats stats;
  const std::vector<PartPtr> parts = parts_->parts();
  uint64_t oldest = UINT64_MAX;
  uint64_t newest = 0;
  for (const PartPtr& part : parts) {
    oldest = std::min(oldest, part->footer().min_start);
    newest = std::max(newest, part->footer().max_start);
    stats.spans += part->footer().row_count;
    stats.disk_bytes += part->file_size();
  }
  if (!parts.empty()) {
    stats.oldest_start_unix_nano = oldest;
    stats.newest_start_unix_nano = newest;
  }
  const uint64_t head_spans = stored_->head_spans();
  const uint64_t head_bytes = stored_->head_bytes();
  const uint64_t log_bytes = log_ ? log_->disk_bytes() : closed_log_bytes_;
  const uint64_t waiting_bytes = log_ ? log_->waiting_bytes() : 0;
  stats.figures = {
      {"parts", "Sealed parts.", parts.size()},
      {"part_bytes", "Bytes of sealed parts.", stats.disk_bytes},
      {"part_spans", "Spans in sealed parts.", stats.spans},
      {"log_bytes", "Bytes of log files.", log_bytes},
      {"log_waiting_bytes", "Bytes that wait to be written to the log.", waiting_bytes},
      {"head_bytes", "Bytes in memory that are not sealed yet.", head_bytes},
      {"head_spans", "Spans in memory that are not sealed yet.", head_spans},
      {"reserve_bytes", "Bytes of disk that are kept back.", reserve_ ? reserve_->bytes() : 0},
  };
  stats.spans += head_spans;
  stats.unsettled_spans = head_spans;
  stats.disk_bytes += log_bytes;
  stats.memory_bytes = head_bytes + waiting_bytes;
  return stats;
}

std::vector<PartInfo> Engine::Impl::Parts() const {
  std::vector<PartInfo> parts;
  for (const PartPtr& part : parts_->parts()) {
    const PartFooter& footer = part->footer();
    const ThinningRecord dropped = footer.thinned.value_or(ThinningRecord());
    parts.push_back({part->path(), part->file_size(), footer.row_count, footer.trace_count,
                     footer.min_start, footer.max_start, footer.thinned.has_value(),
                     dropped.dropped_spans, dropped.dropped_traces});
  }
  return parts;
}

Result<TraceWalk> Engine::Impl::Walk(const storage::QueryContext& context,
                                     const std::vector<TraceStart>& traces,
                                     const TraceVisitor& visit) {
  TraceWalk walk;
  size_t next = 0;
  // Until a part turns out to be damaged, one snapshot serves; the next one is without that part.
  const auto walk_on = [&](const Snapshot& snapshot) -> Result<TraceWalk> {
    Scan scan(context, snapshot);
    TraceFetch fetch(scan);
    for (; next < traces.size(); ++next) {
      const auto batch = CopyTrace(fetch, traces[next].id, &walk.unreadable_spans);
      if (!batch.ok()) return batch.status();
      if (batch->empty()) continue;
      if (!visit(*batch)) break;
      ++walk.traces;
      walk.spans += batch->span_count();
    }
    return walk;
  };
  return Read(walk_on);
}

VerifyReport Engine::Impl::Verify(const VerifyProgress& progress) {
  VerifyReport report;
  report.damage = damage_;
  report.spans = stored_->head_spans();
  for (const PartPtr& part : parts_->parts()) {
    const ReadThrough read =
        ReadThroughPart(part, [&](uint64_t spans) { return progress(report.spans + spans); });
    report.spans += read.spans;
    ++report.parts;
    if (!read.damage.empty()) report.damage.push_back({part->path(), read.damage});
    part->ReleasePages();
    if (read.stopped) return report;
  }
  report.complete = true;
  return report;
}

Result<std::unique_ptr<Engine>> Engine::Open(EngineOptions options, base::MetricRegistry& metrics) {
  auto impl = std::make_unique<Impl>(std::move(options), metrics);
  SPANDREL_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Engine::~Engine() = default;

void Engine::Close() {
  impl_->Close();
}

void Engine::Append(span::SpanBatch&& batch, storage::Completion done) {
  impl_->Append(std::move(batch), std::move(done));
}

storage::Capabilities Engine::capabilities() const {
  return {};
}

storage::Pushdown Engine::PushesDown(const storage::Expression& expression) const {
  const storage::Narrowed narrowed = storage::Narrow(expression);
  if (narrowed.exact) return storage::Pushdown::kExact;
  return narrowed.where.is_all() ? storage::Pushdown::kNone : storage::Pushdown::kSuperset;
}

Result<span::SpanBatch> Engine::GetTrace(const storage::QueryContext& context,
                                         const span::TraceId& trace_id) {
  return impl_->Read(
      [&](const Snapshot& snapshot) { return ReadTrace(context, snapshot, trace_id); });
}

Status Engine::GetTraces(const storage::QueryContext& context,
                         const std::vector<storage::WantedTrace>& traces,
                         storage::SpansSink& sink) {
  for (const storage::WantedTrace& wanted : traces) {
    auto spans = GetTrace(context, wanted.trace_id);
    if (!spans.ok() && spans.status().code() == StatusCode::kNotFound) continue;
    if (!spans.ok()) return spans.status();
    if (!sink.OnSpans(wanted.trace_id, *std::move(spans))) break;
  }
  return {};
}

Result<span::SpanBatch> Engine::GetSpan(const storage::QueryContext& context,
                                        const span::TraceId& trace_id,
                                        const span::SpanId& span_id) {
  return impl_->Read(
      [&](const Snapshot& snapshot) { return ReadSpan(context, snapshot, trace_id, span_id); });
}

Result<storage::SearchResult> Engine::Search(const storage::QueryContext& context,
                                             const storage::SearchRequest& request) {
  return impl_->Read(
      [&](const Snapshot& snapshot) { return SearchTraces(context, snapshot, request); });
}

Result<storage::AggregateResult> Engine::Aggregate(const storage::QueryContext& context,
                                                   const storage::AggregateRequest& request) {
  return impl_->Read(
      [&](const Snapshot& snapshot) { return AggregateSpans(context, snapshot, request); });
}

Status Engine::TraceScan(const storage::QueryContext& context,
                         const storage::TraceScanRequest& request, storage::TraceSink& sink) {
  Result<TraceScanner> scanner = TraceScanner::Make(context, request, sink);
  if (!scanner.ok()) return scanner.status();
  // What was handed over stays so when a part turns out to be damaged.
  const auto listed =
      impl_->Read([&](const Snapshot& snapshot) { return scanner->ListTraces(snapshot); });
  if (!listed.ok()) return listed.status();
  return impl_->Read([&](const Snapshot& snapshot) { return scanner->SendTraces(snapshot); })
      .status();
}

Result<storage::MeasureResult> Engine::Measure(const storage::QueryContext& context,
                                               const storage::MeasureRequest& request) {
  return impl_->Read(
      [&](const Snapshot& snapshot) { return MeasureSpans(context, snapshot, request); });
}

Result<storage::ValueCountsResult> Engine::ValueCounts(const storage::QueryContext& context,
                                                       const storage::ValueCountsRequest& request) {
  return impl_->Read(
      [&](const Snapshot& snapshot) { return CountValues(context, snapshot, request); });
}

Result<storage::NamesResult> Engine::Names(const storage::QueryContext& context,
                                           const storage::NamesRequest& request) {
  return impl_->Read(
      [&](const Snapshot& snapshot) { return ListNames(context, snapshot, request); });
}

Result<storage::ValuesResult> Engine::Values(const storage::QueryContext& context,
                                             const storage::ValuesRequest& request) {
  return impl_->Read(
      [&](const Snapshot& snapshot) { return ListValues(context, snapshot, request); });
}

Result<std::vector<std::string>> Engine::Services(const storage::QueryContext& context) {
  return impl_->Read([&](const Snapshot& snapshot) { return ListServices(context, snapshot); });
}

Result<std::vector<storage::Operation>> Engine::Operations(const storage::QueryContext& context,
                                                           std::string_view service) {
  return impl_->Read(
      [&](const Snapshot& snapshot) { return ListOperations(context, snapshot, service); });
}

Result<std::vector<storage::AttributeName>> Engine::TagNames(const storage::QueryContext& context,
                                                             const storage::Predicate& where,
                                                             storage::TimeRange range,
                                                             size_t limit) {
  return impl_->Read([&](const Snapshot& snapshot) {
    return ListTagNames(context, snapshot, where, range, limit);
  });
}

Result<std::vector<std::string>> Engine::TagValues(const storage::QueryContext& context,
                                                   const storage::Field& field,
                                                   const storage::Predicate& where,
                                                   storage::TimeRange range, size_t limit) {
  return impl_->Read([&](const Snapshot& snapshot) {
    return ListTagValues(context, snapshot, field, where, range, limit);
  });
}

Result<std::vector<storage::Dependency>> Engine::Dependencies(const storage::QueryContext& context,
                                                              storage::TimeRange range) {
  return impl_->Read(
      [&](const Snapshot& snapshot) { return FindDependencies(context, snapshot, range); });
}

storage::StoreStats Engine::Stats() const {
  return impl_->Stats();
}

Durability Engine::durability() const {
  return impl_->options().durability;
}

const EngineOptions& Engine::options() const {
  return impl_->options();
}

std::vector<PartInfo> Engine::Parts() const {
  return impl_->Parts();
}

Result<uint64_t> Engine::CountTraces(const storage::QueryContext& context,
                                     const storage::Predicate& where, storage::TimeRange range) {
  const auto traces = impl_->Read(
      [&](const Snapshot& snapshot) { return ListTraces(context, snapshot, where, range); });
  if (!traces.ok()) return traces.status();
  return uint64_t{traces->size()};
}

Result<TraceWalk> Engine::ForEachTrace(const storage::QueryContext& context,
                                       const storage::Predicate& where, storage::TimeRange range,
                                       const TraceVisitor& visit) {
  const auto traces = impl_->Read(
      [&](const Snapshot& snapshot) { return ListTraces(context, snapshot, where, range); });
  if (!traces.ok()) return traces.status();
  return impl_->Walk(context, *traces, visit);
}

VerifyReport Engine::Verify(const VerifyProgress& progress) {
  return impl_->Verify(progress);
}

void Engine::Settle() {
  impl_->Settle();
}

}  // namespace spandrel::columnar
