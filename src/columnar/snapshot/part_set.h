// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/status.h"
#include "columnar/manifest/manifest.h"
#include "columnar/options/store_layout.h"
#include "columnar/part/read/part.h"
#include "columnar/snapshot/lost_spans.h"
#include "disk/damage.h"
#include "disk/directory.h"
#include "disk/space_reserve.h"
#include "storage/query_context.h"

namespace spandrel::columnar {

// The parts of a store, on disk and open, as the manifest says. A change is durable when it
// returns, or has not happened. Files of parts that are gone are removed at once; readers that
// still hold such a part keep it mapped. Any thread, with one rule: parts are taken out (replaced,
// dropped, quarantined) by one thread only.
class PartSet {
 public:
  // Opens what the manifest names; without a manifest, all parts that no other one replaces.
  // Damaged parts go to quarantine, leftovers of interrupted work are removed; of a read-only
  // store, both stay. `open_parts` keeps what is read of them open; null: each part by itself.
  static base::Result<std::unique_ptr<PartSet>> Open(
      const StoreLayout& layout, base::MetricRegistry& metrics,
      std::shared_ptr<OpenParts> open_parts = nullptr);

  // Of a tenant that has nothing on disk yet.
  static std::unique_ptr<PartSet> MakeEmpty(const StoreLayout& layout,
                                            base::MetricRegistry& metrics,
                                            std::shared_ptr<OpenParts> open_parts = nullptr);

  // Where a manifest may take space when the disk is full. Before the first change.
  void UseReserve(disk::SpaceReserve* reserve) { reserve_ = reserve; }

  // Oldest first.
  std::vector<PartPtr> parts() const;
  uint64_t sealed_through() const;
  // Log records of all tenants up to here are in parts, as far as this tenant's manifest knows.
  uint64_t released_through() const;
  // What was found damaged in a read-only store when it was opened.
  const std::vector<disk::Damage>& damage() const { return damage_; }

  // Shows the new set to readers; called in the order of changes, before old files are removed.
  using Install = std::function<void(const std::vector<PartPtr>& parts)>;

  // Makes a synced part file, written under any other name in the parts' folder, a part of the
  // store, in the place of `replaced` parts if there are any. Once it is one, log records of all
  // tenants up to `released` are in parts; 0: nothing new.
  base::Status Publish(const std::string& file, const std::vector<PartPtr>& replaced,
                       const Install& install, uint64_t released = 0);

  // The tenant's log records up to `sequence` are in parts, though none of them says so.
  base::Status NoteSealed(uint64_t sequence, uint64_t released);

  // Takes parts out of the store and removes their files.
  base::Status Drop(const std::vector<PartPtr>& dropped, const Install& install);
  // The same for a part of which what can be read was written anew, as `file`, and so many spans
  // were not: its file stays in quarantine and says so.
  base::Status ReplaceDamaged(const std::string& file, const PartPtr& damaged, uint64_t lost_spans,
                              const Install& install);
  // Takes out the parts that turned out to be damaged, and keeps their files in quarantine.
  base::Status QuarantineDamaged(const Install& install);
  // Notes what answers lack: the parts that are damaged or lie in quarantine, as they are known now
  // and as they were when the store was opened.
  void TellLost(const storage::QueryContext& context) const;

 private:
  PartSet(StoreLayout layout, base::MetricRegistry& metrics, std::shared_ptr<OpenParts> open_parts);

  base::Status FindParts() SPANDREL_REQUIRES(mutex_);
  base::Status OpenListed(const Manifest& listed) SPANDREL_REQUIRES(mutex_);
  base::Status AdoptAll(const std::vector<disk::NumberedFile>& files) SPANDREL_REQUIRES(mutex_);
  base::Status SetAside(const std::string& path, const base::Status& why) SPANDREL_REQUIRES(mutex_);
  base::Status RemoveStrays() SPANDREL_REQUIRES(mutex_);
  base::Status Commit(std::vector<PartPtr> parts, Manifest changed) SPANDREL_REQUIRES(mutex_);

  const StoreLayout layout_;
  const std::shared_ptr<OpenParts> open_parts_;
  base::Counter& quarantined_;
  base::Counter& damaged_manifests_;
  base::Counter& unreadable_spans_;
  disk::SpaceReserve* reserve_ = nullptr;
  std::vector<disk::Damage> damage_;

  mutable base::Mutex mutex_;
  Manifest manifest_ SPANDREL_GUARDED_BY(mutex_);
  std::vector<PartPtr> parts_ SPANDREL_GUARDED_BY(mutex_);
  std::vector<PartPtr> lost_ SPANDREL_GUARDED_BY(mutex_);  // since the store was opened
  std::vector<LostSpans> other_lost_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::columnar
