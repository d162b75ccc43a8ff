// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/status.h"
#include "columnar/background/round_thread.h"
#include "columnar/background/upkeep.h"
#include "columnar/options/options.h"

namespace spandrel::columnar {

// The two background threads of a store, for all its tenants: one seals, another one tidies up.
class Maintenance {
 public:
  // Gives the tenants there are now.
  using Tenants = std::function<std::vector<std::shared_ptr<Upkeep>>()>;
  // True when memory that was freed is not wanted again at once.
  using IsQuiet = std::function<bool()>;
  // `options` outlives it.
  Maintenance(const EngineOptions& options, Tenants tenants, IsQuiet is_quiet,
              base::MetricRegistry& metrics);

  void Start();
  // Ends the threads, then seals what is left, best effort.
  void Stop();

  void WakeSealer() { sealer_.Wake(); }
  // Damaged parts were found, or memory was used to read.
  void WakeTidier() { tidier_.Wake(); }
  // Seals everything that was added before, and merges until nothing is left to be merged.
  void RunNow();

  // What the last rounds could not do; OK when they did everything. Any thread.
  base::Status failure() const;

 private:
  // How the rounds of one thread go.
  struct Rounds {
    const char* what;  // "seal"
    base::Status failure;
  };

  std::optional<std::chrono::milliseconds> SealRound();
  std::optional<std::chrono::milliseconds> TidyRound();
  void FindDamage(const std::vector<std::shared_ptr<Upkeep>>& tenants);
  // True when something failed in a round: it is counted and to be tried again. Logged when it is
  // another failure than before, or none any more.
  bool NoteRound(const base::Status& failure, Rounds Maintenance::*which);

  const EngineOptions& options_;
  const Tenants tenants_;
  const IsQuiet is_quiet_;
  base::Counter& failures_;
  std::chrono::steady_clock::time_point last_scrub_;  // of the tidying thread
  mutable base::Mutex mutex_;
  Rounds sealing_ SPANDREL_GUARDED_BY(mutex_){"seal", {}};
  Rounds tidying_ SPANDREL_GUARDED_BY(mutex_){"tidy up", {}};
  RoundThread sealer_;
  RoundThread tidier_;
};

}  // namespace spandrel::columnar
