// SPDX-License-Identifier: Apache-2.0
#include "columnar/host.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/tenant_name.h"
#include "columnar/recovery.h"
#include "columnar/snapshot/lost_spans.h"
#include "columnar/store_gauges.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr std::chrono::milliseconds kRetryWhenSealing{500};
constexpr std::chrono::seconds kRetryWhenTenantsAreMany{60};
constexpr std::chrono::milliseconds kRetryWhenBroken{1000};

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

// What a store says of itself, taken together from its tenants.
struct StatsSum {
  void Add(const TenantStore& tenant) {
    for (const PartPtr& part : tenant.parts().parts()) {
      oldest = std::min(oldest, part->footer().min_start);
      newest = std::max(newest, part->footer().max_start);
      part_spans += part->footer().row_count;
      part_bytes += part->file_size();
      ++parts;
    }
    head_spans += tenant.stored().head_spans();
    head_bytes += tenant.stored().head_bytes();
  }

  uint64_t parts = 0;
  uint64_t part_spans = 0;
  uint64_t part_bytes = 0;
  uint64_t oldest = UINT64_MAX;
  uint64_t newest = 0;
  uint64_t head_spans = 0;
  uint64_t head_bytes = 0;
};

}  // namespace

Result<std::shared_ptr<Host>> Host::Open(EngineOptions options, base::MetricRegistry& metrics) {
  std::shared_ptr<Host> host(new Host(std::move(options), metrics));
  SPANDREL_RETURN_IF_ERROR(host->OpenAll());
  return host;
}

Host::Host(EngineOptions options, base::MetricRegistry& metrics)
    : options_(std::move(options)),
      layout_(options_.directory, options_.read_only),
      metrics_(metrics),
      refused_(metrics.AddCounter("spandrel_store_refused_spans_total", {{"reason", "unsealed"}})),
      head_memory_(options_.memory),
      open_parts_(std::make_shared<OpenParts>(options_.memory.open_parts)) {}

Status Host::OpenAll() {
  SPANDREL_RETURN_IF_ERROR(options_.Validate());
  Result<disk::DirectoryLock> lock =
      options_.read_only ? TakeExisting(layout_) : TakeDirectory(options_, layout_);
  if (!lock.ok()) return lock.status();
  {
    base::MutexLock guard(lock_mutex_);
    lock_.emplace(std::move(*lock));
  }
  const auto upkeeps = [this] {
    std::vector<std::shared_ptr<Upkeep>> all;
    for (const auto& tenant : Tenants()) all.emplace_back(tenant, &tenant->upkeep());
    return all;
  };
  const auto is_quiet = [this] { return head_memory_.bytes() < options_.seal_bytes / 8; };
  maintenance_ = std::make_unique<Maintenance>(options_, upkeeps, is_quiet, metrics_);
  SPANDREL_RETURN_IF_ERROR(OpenTenants());
  if (!options_.read_only) {
    reserve_.emplace(layout_.ReserveFile(), options_.reserve_bytes);
    for (const auto& tenant : Tenants()) tenant->UseReserve(&*reserve_);
  }
  Result<journal::LogReplay> replay = Recover();
  if (!replay.ok()) return replay.status();
  if (options_.read_only) {
    NoteReadOnly(*replay);
  } else {
    SPANDREL_RETURN_IF_ERROR(StartWriting(*std::move(replay)));
  }
  closed_ = false;
  return {};
}

Status Host::OpenTenants() {
  std::vector<std::string> names = {""};
  if (disk::FileExists(layout_.TenantFolder())) {
    Result<std::vector<std::string>> folders = disk::ListFolders(layout_.TenantFolder());
    if (!folders.ok()) return folders.status();
    names.insert(names.end(), folders->begin(), folders->end());
  }
  for (const std::string& name : names) {
    if (!name.empty() && !base::IsTenantName(name)) {
      base::LogWarn("{}/{}: not the name of a tenant, left alone", layout_.TenantFolder(), name);
      continue;
    }
    auto tenant = TenantStore::Open(Context(), LayoutOf(name));
    if (!tenant.ok()) return tenant.status();
    base::WriterLock lock(mutex_);
    tenants_.emplace(name, *std::move(tenant));
  }
  return {};
}

Result<journal::LogReplay> Host::Recover() {
  uint64_t released = 0;
  uint64_t sealed = 0;
  for (const auto& tenant : Tenants()) {
    released = std::max(released, tenant->parts().released_through());
    sealed = std::max(sealed, tenant->parts().sealed_through());
  }
  const auto heads_of = [this](const std::string& tenant, uint64_t sequence) {
    TenantStore& store = *FindOrMake(tenant);
    return sequence > store.parts().sealed_through() ? &store.stored() : nullptr;
  };
  Result<journal::LogReplay> replay = RecoverLog(layout_, released, heads_of, metrics_);
  for (const auto& tenant : Tenants()) tenant->stored().EndRecovery();
  if (!replay.ok()) return replay;
  lost_requests_ = std::max(CountLostRequests(layout_.QuarantineFolder()),
                            replay->damaged_places + replay->missing_records);
  // A record that comes now must not look as if it were in a part, even where the log is gone.
  replay->last_sequence = std::max(replay->last_sequence, sealed);
  published_ = replay->last_sequence;
  return replay;
}

void Host::NoteReadOnly(const journal::LogReplay& replay) {
  for (const auto& tenant : Tenants()) {
    const auto& found = tenant->parts().damage();
    damage_.insert(damage_.end(), found.begin(), found.end());
  }
  damage_.insert(damage_.end(), replay.damage.begin(), replay.damage.end());
  for (const journal::ClosedLogFile& file : replay.files) closed_log_bytes_ += file.bytes;
}

// What was recovered is sealed in the background, at once, so that a server which is killed often
// does not replay more each time.
Status Host::StartWriting(journal::LogReplay replay) {
  const auto publish = [this](const std::string& tenant, const span::SpanBatch& batch,
                              uint64_t sequence) { Publish(tenant, batch, sequence); };
  auto log = SpanLog::Open(options_, layout_, std::move(replay), metrics_, publish, &*reserve_,
                           journal::LogWriter::RandomEpoch, [this] { return CheckPlace(); });
  if (!log.ok()) return log.status();
  log_ = std::move(*log);
  ReleaseRecovered();
  if (options_.intake != nullptr) {
    lateness_ = options_.intake->Add([this] { return Lateness(); });
  }
  for (const auto& tenant : Tenants()) tenant->upkeep().StartClock();
  maintenance_->Start();
  gauges_ = AddStoreGauges(metrics_, options_, [this] { return Stats(std::nullopt); });
  return {};
}

// What a killed process had sealed, and not released. Best effort: the next seal does it too.
void Host::ReleaseRecovered() {
  PartSet& parts = Find("")->parts();
  const Status noted = parts.NoteSealed(0, ReleasedAfter(Find("")->stored(), 0));
  if (!noted.ok()) base::LogWarn("log not released: {}", noted.message());
  for (const auto& tenant : Tenants()) log_->Release(tenant->parts().released_through());
}

void Host::Close() {
  base::MutexLock lock(close_mutex_);
  if (closed_.exchange(true)) return;
  if (options_.read_only) return LetGoOfDirectory();
  lateness_.reset();
  gauges_.clear();
  log_->Stop();
  maintenance_->Stop();
  if (reserve_ && CheckPlace().ok()) reserve_->Remove();
  LetGoOfDirectory();
}

Status Host::CheckPlace() const {
  base::MutexLock lock(lock_mutex_);
  return lock_ ? lock_->CheckHeld() : Status(StatusCode::kUnavailable, "store: closed");
}

void Host::LetGoOfDirectory() {
  base::MutexLock lock(lock_mutex_);
  lock_.reset();
}

void Host::Append(std::string tenant, span::SpanBatch&& batch, storage::Completion done) {
  if (closed_) return done(Status(StatusCode::kUnavailable, "store: closed"));
  if (options_.read_only) {
    return done(Status(StatusCode::kFailedPrecondition, "store: opened to be read only"));
  }
  if (batch.empty()) return done(Status());
  if (Status refusal = RefusalOf(tenant); !refusal.ok()) {
    refused_.Add(batch.span_count());
    return done(std::move(refusal));
  }
  seal_pace_.NoteAppended(batch.span_count());
  log_->Append(std::move(tenant), std::move(batch), std::move(done));
}

// One tenant may fill half of the memory, so that the others are heard too.
Status Host::RefusalOf(const std::string& tenant) const {
  if (!tenant.empty() && !base::IsTenantName(tenant)) {
    return {StatusCode::kInvalidArgument, "store: not the name of a tenant"};
  }
  if (UnsealedBytes() > options_.max_head_bytes) {
    return Status::Unavailable("store: sealing is behind", kRetryWhenSealing);
  }
  const std::shared_ptr<TenantStore> known = Find(tenant);
  if (known == nullptr) {
    base::ReaderLock lock(mutex_);
    if (tenants_.size() <= options_.max_tenants) return {};
    Status refusal(StatusCode::kResourceExhausted, "store: there are too many tenants");
    refusal.set_retry_after(kRetryWhenTenantsAreMany);
    return refusal;
  }
  if (known->upkeep().folder_is_missing()) {
    return Status::Unavailable("store: the folder of the parts is missing", kRetryWhenBroken);
  }
  if (tenant.empty() && !options_.tenants) return {};
  if (known->stored().head_bytes() <= options_.max_head_bytes / 2) return {};
  return Status::Unavailable("store: sealing is behind for this tenant", kRetryWhenSealing);
}

// Sealing that is behind makes it late too, before it has come to refusing what is decoded already.
double Host::Lateness() {
  const double fullness =
      static_cast<double>(UnsealedBytes()) / static_cast<double>(options_.max_head_bytes);
  return std::max(log_->lateness(), seal_pace_.Lateness(fullness, options_.max_log_wait));
}

uint64_t Host::UnsealedBytes() const {
  return head_memory_.bytes_of_all_stores() + log_->waiting_bytes();
}

base::Health Host::Health() const {
  using base::HealthLevel;
  if (closed_) return {HealthLevel::kRefusing, "closed"};
  if (options_.read_only) return {};
  if (const Status place = CheckPlace(); !place.ok()) {
    return {HealthLevel::kFailed, place.message() + "; restart when it is there"};
  }
  Status refusal = log_->refusal();
  if (refusal.ok()) refusal = RefusalOf("");
  if (!refusal.ok()) return {HealthLevel::kRefusing, refusal.message()};
  const Status failure = maintenance_->failure();
  if (!failure.ok()) return {HealthLevel::kDegraded, failure.message()};
  return {};
}

void Host::Publish(const std::string& tenant, const span::SpanBatch& batch, uint64_t sequence) {
  FindOrMake(tenant)->stored().Add(batch, sequence);
  published_ = sequence;
}

std::shared_ptr<TenantStore> Host::Find(std::string_view tenant) const {
  base::ReaderLock lock(mutex_);
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<TenantStore>> Host::Tenants() const {
  std::vector<std::shared_ptr<TenantStore>> all;
  base::ReaderLock lock(mutex_);
  all.reserve(tenants_.size());
  for (const auto& [name, tenant] : tenants_) all.push_back(tenant);
  return all;
}

std::vector<std::string> Host::TenantNames() const {
  std::vector<std::string> names;
  base::ReaderLock lock(mutex_);
  names.reserve(tenants_.size());
  for (const auto& [name, tenant] : tenants_) names.push_back(name);
  return names;
}

std::shared_ptr<TenantStore> Host::FindOrMake(const std::string& tenant) {
  if (auto found = Find(tenant)) return found;
  auto made = TenantStore::Make(Context(), LayoutOf(tenant));
  if (reserve_) made->UseReserve(&*reserve_);
  base::WriterLock lock(mutex_);
  return tenants_.emplace(tenant, std::move(made)).first->second;
}

// `published_` is read first: all records up to it are in the heads that are looked at then, or in
// parts.
uint64_t Host::ReleasedAfter(const StoredSpans& stored, uint64_t sealed) const {
  uint64_t released = published_;
  for (const auto& tenant : Tenants()) {
    const bool is_sealing = &tenant->stored() == &stored;
    const auto oldest = tenant->stored().OldestUnsealed(is_sealing ? sealed : 0);
    if (oldest) released = std::min(released, *oldest - 1);
  }
  return released;
}

TenantContext Host::Context() {
  const auto wake_sealer = [this] { maintenance_->WakeSealer(); };
  SharedStore shared;
  shared.check_place = [this] { return CheckPlace(); };
  shared.released_after = [this](const StoredSpans& stored, uint64_t sealed) {
    return ReleasedAfter(stored, sealed);
  };
  shared.release = [this](uint64_t released) { log_->Release(released); };
  shared.sealed = [this](size_t spans, SealPace::Clock::duration taken) {
    seal_pace_.NoteSealed(spans, taken);
  };
  return {options_,
          metrics_,
          head_memory_,
          open_parts_,
          {wake_sealer, wake_sealer},
          std::move(shared),
          [this] { maintenance_->WakeTidier(); },
          lost_requests_};
}

StoreLayout Host::LayoutOf(std::string_view tenant) const {
  return tenant.empty() ? layout_ : layout_.OfTenant(tenant);
}

void Host::Settle() {
  base::MutexLock lock(close_mutex_);
  if (!closed_ && !options_.read_only) maintenance_->RunNow();
}

void Host::ReleaseMemory() {
  open_parts_->Clear();
  for (const auto& tenant : Tenants()) {
    for (const PartPtr& part : tenant->parts().parts()) part->ReleasePages();
  }
}

void Host::Repair() {
  for (const auto& tenant : Tenants()) tenant->upkeep().RepairSoon();
  Settle();
}

storage::StoreStats Host::Stats(const std::optional<std::string>& tenant) const {
  StatsSum sum;
  if (!tenant) {
    for (const auto& one : Tenants()) sum.Add(*one);
  } else if (const auto one = Find(*tenant)) {
    sum.Add(*one);
  }
  const uint64_t log_bytes = log_ ? log_->disk_bytes() : closed_log_bytes_;
  const uint64_t waiting_bytes = log_ ? log_->waiting_bytes() : 0;
  storage::StoreStats stats;
  stats.spans = sum.part_spans + sum.head_spans;
  stats.unsettled_spans = sum.head_spans;
  stats.disk_bytes = sum.part_bytes + log_bytes;
  stats.memory_bytes = sum.head_bytes + waiting_bytes;
  if (sum.parts > 0) {
    stats.oldest_start_unix_nano = sum.oldest;
    stats.newest_start_unix_nano = sum.newest;
  }
  stats.figures = {
      {"parts", "Sealed parts.", sum.parts},
      {"part_bytes", "Bytes of sealed parts.", sum.part_bytes},
      {"part_spans", "Spans in sealed parts.", sum.part_spans},
      {"log_bytes", "Bytes of log files.", log_bytes},
      {"log_waiting_bytes", "Bytes that wait to be written to the log.", waiting_bytes},
      {"head_bytes", "Bytes in memory that are not sealed yet.", sum.head_bytes},
      {"head_spans", "Spans in memory that are not sealed yet.", sum.head_spans},
      {"reserve_bytes", "Bytes of disk that are kept back.", reserve_ ? reserve_->bytes() : 0},
  };
  return stats;
}

}  // namespace spandrel::columnar
