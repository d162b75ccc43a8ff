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
#include "columnar/compaction/retention.h"
#include "columnar/options/options.h"
#include "columnar/options/store_layout.h"
#include "columnar/snapshot/part_set.h"
#include "columnar/snapshot/stored_spans.h"
#include "disk/space_reserve.h"

namespace spandrel::columnar {

// What the tenants of a store share, as the upkeep of one of them needs it.
struct SharedLog {
  // Up to where the log is in parts, of all tenants, once the full head of `stored` that ends with
  // the record `sealed` is in one (0: as it is now).
  std::function<uint64_t(const StoredSpans& stored, uint64_t sealed)> released_after;
  // A manifest says so: the log may forget them.
  std::function<void(uint64_t released)> release;
};

// What is done for one tenant behind the writers' back: full heads are sealed into parts; parts are
// merged, dropped when they expire, judged, and put aside when they are damaged. A failure (a full
// disk) leaves all as it was and is tried again. Seal is for one thread, Tidy for one other.
class Upkeep {
 public:
  Upkeep(const EngineOptions& options, StoreLayout layout, PartSet& parts, StoredSpans& stored,
         SharedLog log, base::MetricRegistry& metrics);

  // Where space may be taken when the disk is full. Before the first round.
  void UseReserve(disk::SpaceReserve* reserve) { reserve_ = reserve; }

  // Starts the retention clock of a tenant that has something on disk, before the first round. That
  // of another one starts in the first Tidy after it has.
  void StartClock();

  // The next Seal closes the open head, however young it is.
  void SealAllSoon() { seal_all_ = true; }

  // Seals the full heads, and the open one when it is old enough. Says whether it sealed any and
  // when the open head will be old enough.
  struct Sealed {
    base::Status status;
    bool any = false;
    std::optional<std::chrono::milliseconds> due_in;
  };
  Sealed Seal();
  base::Status Tidy();

  // Seals what is left, best effort. When neither of the above runs any more.
  void Close();

 private:
  base::Status MakeFolders();
  base::Status SealFullHeads(bool* any);
  base::Status SealOne(const FullHead& full);
  base::Status ReleaseEmpty(const StoredSpans::Rotation& rotation);
  base::Status MergeWhileUseful();
  base::Status DropExpired();
  base::Status ApplyPolicyWhileUseful();
  base::Status ApplyPolicyTo(const PartPtr& part);

  const EngineOptions& options_;
  const StoreLayout layout_;
  PartSet& parts_;
  StoredSpans& stored_;
  const SharedLog log_;
  disk::SpaceReserve* reserve_ = nullptr;  // null: none
  base::Counter& seals_;
  base::Counter& merges_;
  std::atomic<bool> seal_all_{false};
  bool has_folders_ = false;    // of the sealing thread
  Retention retention_;         // of the tidying thread
  bool clock_started_ = false;  // of the tidying thread
};

}  // namespace spandrel::columnar
