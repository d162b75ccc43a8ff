// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/metrics.h"
#include "base/status.h"
#include "columnar/background/scrub.h"
#include "columnar/compaction/retention.h"
#include "columnar/options/options.h"
#include "columnar/options/store_layout.h"
#include "columnar/snapshot/part_set.h"
#include "columnar/snapshot/stored_spans.h"
#include "disk/space_reserve.h"

namespace spandrel::columnar {

// What the tenants of a store share, as the upkeep of one of them needs it.
struct SharedStore {
  // Whether the directory is still the store's, see disk::DirectoryLock::CheckHeld. Where it is
  // not, nothing in it is touched.
  std::function<base::Status()> check_place;
  // Up to where the log is in parts, of all tenants, once the full head of `stored` that ends with
  // the record `sealed` is in one (0: as it is now).
  std::function<uint64_t(const StoredSpans& stored, uint64_t sealed)> released_after;
  // A manifest says so: the log may forget them.
  std::function<void(uint64_t released)> release;
  // A head of so many spans took so long to seal; may be empty.
  std::function<void(size_t spans, std::chrono::steady_clock::duration taken)> sealed = {};
};

// What is done for one tenant behind the writers' back: full heads are sealed into parts; parts are
// merged, dropped when they expire, judged, and put aside when they are damaged. A failure (a full
// disk) leaves all as it was and is tried again. Seal is for one thread, Tidy for one other.
class Upkeep {
 public:
  Upkeep(const EngineOptions& options, StoreLayout layout, PartSet& parts, StoredSpans& stored,
         SharedStore shared, base::MetricRegistry& metrics);

  // Where space may be taken when the disk is full. Before the first round.
  void UseReserve(disk::SpaceReserve* reserve) { reserve_ = reserve; }

  // Starts the retention clock of a tenant that has something on disk, before the first round. That
  // of another one starts in the first Tidy after it has.
  void StartClock();

  // The next Seal closes the open head, however young it is.
  void SealAllSoon() { seal_all_ = true; }

  // The next Tidy writes anew, without what cannot be read, the parts that are known to be damaged;
  // their files stay in quarantine.
  void RepairSoon() { repair_ = true; }

  // Seals the full heads, and the open one when it is old enough. Says whether it sealed any and
  // when the open head will be old enough.
  struct Sealed {
    base::Status status;
    bool any = false;
    std::optional<std::chrono::milliseconds> due_in;
  };
  Sealed Seal();
  base::Status Tidy();
  // Reads parts through to find damage, up to `*budget` bytes, which are taken off it; then writes
  // back what was mended, by it or by readers. For the thread of Tidy.
  void FindDamage(uint64_t* budget);

  // Whether a folder that parts go to was missing when the last head was to be sealed. It may be
  // made again; until then the spans are in the log only. Any thread.
  bool folder_is_missing() const { return folder_is_missing_; }

  // Seals what is left, best effort. When neither of the above runs any more.
  void Close();

 private:
  base::Status MakeFolders();
  base::Status TrySeal(Sealed* sealed);
  base::Status SealFullHeads(bool* any);
  base::Status SealOne(const FullHead& full);
  base::Status ReleaseEmpty(const StoredSpans::Rotation& rotation);
  base::Status RewriteDamaged();
  base::Status RewriteOne(const PartPtr& part);
  base::Status MergeWhileUseful();
  base::Status DropExpired();
  base::Status ApplyPolicyWhileUseful();
  base::Status ApplyPolicyTo(const PartPtr& part);
  void WriteBackMended(const Part& part);

  const EngineOptions& options_;
  const StoreLayout layout_;
  PartSet& parts_;
  StoredSpans& stored_;
  const SharedStore shared_;
  disk::SpaceReserve* reserve_ = nullptr;  // null: none
  base::Counter& seals_;
  base::Counter& merges_;
  base::Counter& mended_pages_;
  std::atomic<bool> seal_all_{false};
  std::atomic<bool> repair_{false};
  std::atomic<bool> folder_is_missing_{false};
  bool has_folders_ = false;    // of the sealing thread
  Retention retention_;         // of the tidying thread
  Scrub scrub_;                 // of the tidying thread
  bool clock_started_ = false;  // of the tidying thread
};

}  // namespace spandrel::columnar
