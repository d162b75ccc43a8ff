// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "base/metrics.h"
#include "columnar/background/round_thread.h"
#include "columnar/compaction/retention.h"
#include "columnar/log/span_log.h"
#include "columnar/options/options.h"
#include "columnar/options/store_layout.h"
#include "columnar/snapshot/part_set.h"
#include "columnar/snapshot/stored_spans.h"
#include "disk/space_reserve.h"

namespace spandrel::columnar {

// What an engine does behind the writers' back: one thread seals full heads into parts, another one
// merges parts, drops expired ones and puts damaged ones aside. A failure (a full disk) leaves all
// as it was and is tried again.
class Maintenance {
 public:
  Maintenance(const EngineOptions& options, StoreLayout layout, PartSet& parts, StoredSpans& stored,
              disk::SpaceReserve* reserve, base::MetricRegistry& metrics);

  // `log` is told what need not be replayed any more.
  void Start(SpanLog& log);
  // Seals what is left, best effort, and ends the threads.
  void Stop();

  void WakeSealer() { sealer_.Wake(); }
  // Damaged parts were found, or memory was used to read.
  void WakeTidier() { tidier_.Wake(); }
  // Seals everything that was added before, and merges until nothing is left to be merged.
  void RunNow();

 private:
  base::Status SealFullHeads();
  std::optional<std::chrono::milliseconds> SealRound();
  std::optional<std::chrono::milliseconds> TidyRound();
  base::Status SealOne(const FullHead& full);
  base::Status MergeWhileUseful();
  base::Status DropExpired();
  base::Status ThinWhileUseful();
  base::Status Thin(const PartPtr& part);
  void ReleaseLog();
  void ReleaseEmpty(const StoredSpans::Rotation& rotation);

  const EngineOptions options_;
  const StoreLayout layout_;
  PartSet& parts_;
  StoredSpans& stored_;
  disk::SpaceReserve* const reserve_;  // null: none
  SpanLog* log_ = nullptr;
  base::Counter& seals_;
  base::Counter& merges_;
  base::Counter& failures_;
  Retention retention_;  // of the tidying thread
  std::atomic<bool> seal_now_{false};
  RoundThread sealer_;
  RoundThread tidier_;
};

}  // namespace spandrel::columnar
