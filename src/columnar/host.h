// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/health.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/shared_mutex.h"
#include "base/status.h"
#include "columnar/background/maintenance.h"
#include "columnar/log/span_log.h"
#include "columnar/options/options.h"
#include "columnar/options/store_layout.h"
#include "columnar/seal_pace.h"
#include "columnar/tenant_store.h"
#include "disk/damage.h"
#include "disk/directory.h"
#include "disk/space_reserve.h"
#include "storage/store.h"

namespace spandrel::columnar {

// A data directory, held by one process: one log whose records name their tenant, one space
// reserve, two background threads, and the tenants. The default tenant, whose name is empty, lies
// in the directory itself, the others in `tenants/NAME`. A tenant is there from its first
// acknowledged span on. Any thread.
class Host {
 public:
  // As Engine::Open.
  static base::Result<std::shared_ptr<Host>> Open(EngineOptions options,
                                                  base::MetricRegistry& metrics);
  // Closes.
  ~Host() { Close(); }

  // As Engine::Close.
  void Close();

  // The name must be one (base/tenant_name.h) or empty.
  void Append(std::string tenant, span::SpanBatch&& batch, storage::Completion done);

  // Null when nothing of it is stored.
  std::shared_ptr<TenantStore> Find(std::string_view tenant) const;
  // By name, the default one first.
  std::vector<std::shared_ptr<TenantStore>> Tenants() const;
  std::vector<std::string> TenantNames() const;

  // Seals and merges what there is and waits for it.
  void Settle();
  // The same, and writes anew what is known to be damaged, as Engine::Repair.
  void Repair();
  // Closes what is only kept open for questions to come.
  void ReleaseMemory();

  // Of the tenant, or of all of them together; the log is everybody's.
  storage::StoreStats Stats(const std::optional<std::string>& tenant) const;
  // As storage::Store::Health, of all of it.
  base::Health Health() const;
  const EngineOptions& options() const { return options_; }
  // What was found damaged in a read-only store when it was opened.
  const std::vector<disk::Damage>& damage() const { return damage_; }

 private:
  Host(EngineOptions options, base::MetricRegistry& metrics);

  base::Status OpenAll();
  base::Status OpenTenants();
  base::Result<journal::LogReplay> Recover();
  base::Status StartWriting(journal::LogReplay replay);
  void ReleaseRecovered();
  void NoteReadOnly(const journal::LogReplay& replay);
  std::shared_ptr<TenantStore> FindOrMake(const std::string& tenant);
  void Publish(const std::string& tenant, const span::SpanBatch& batch, uint64_t sequence);
  uint64_t ReleasedAfter(const StoredSpans& stored, uint64_t sealed) const;
  TenantContext Context();
  StoreLayout LayoutOf(std::string_view tenant) const;
  // Whether the directory is still this store's; where it is not, nothing in it is touched.
  base::Status CheckPlace() const;
  void LetGoOfDirectory();
  base::Status RefusalOf(const std::string& tenant) const;
  double Lateness();
  uint64_t UnsealedBytes() const;

  const EngineOptions options_;
  const StoreLayout layout_;
  base::MetricRegistry& metrics_;
  base::Counter& refused_;

  base::Mutex close_mutex_;  // held while it is closed or settled
  std::atomic<bool> closed_{true};
  mutable base::Mutex lock_mutex_;
  std::optional<disk::DirectoryLock> lock_ SPANDREL_GUARDED_BY(lock_mutex_);
  std::optional<disk::SpaceReserve> reserve_;
  HeadMemory head_memory_;
  const std::shared_ptr<OpenParts> open_parts_;
  SealPace seal_pace_;
  std::atomic<uint64_t> lost_requests_{0};  // of the log, at least
  std::atomic<uint64_t> published_{0};      // all records up to it are in heads or parts

  mutable base::SharedMutex mutex_;
  std::map<std::string, std::shared_ptr<TenantStore>, std::less<>> tenants_
      SPANDREL_GUARDED_BY(mutex_);

  std::unique_ptr<Maintenance> maintenance_;
  std::unique_ptr<SpanLog> log_;
  std::vector<std::shared_ptr<void>> gauges_;
  std::shared_ptr<void> lateness_;  // at options_.intake
  // Of a read-only store.
  std::vector<disk::Damage> damage_;
  uint64_t closed_log_bytes_ = 0;
};

}  // namespace spandrel::columnar
