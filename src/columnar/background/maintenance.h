// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/metrics.h"
#include "columnar/background/round_thread.h"
#include "columnar/background/upkeep.h"

namespace spandrel::columnar {

// The two background threads of a store, for all its tenants: one seals, another one tidies up.
class Maintenance {
 public:
  // Gives the tenants there are now.
  using Tenants = std::function<std::vector<std::shared_ptr<Upkeep>>()>;
  // True when memory that was freed is not wanted again at once.
  using IsQuiet = std::function<bool()>;
  Maintenance(Tenants tenants, IsQuiet is_quiet, base::MetricRegistry& metrics);

  void Start();
  // Ends the threads, then seals what is left, best effort.
  void Stop();

  void WakeSealer() { sealer_.Wake(); }
  // Damaged parts were found, or memory was used to read.
  void WakeTidier() { tidier_.Wake(); }
  // Seals everything that was added before, and merges until nothing is left to be merged.
  void RunNow();

 private:
  std::optional<std::chrono::milliseconds> SealRound();
  std::optional<std::chrono::milliseconds> TidyRound();
  // True when it failed: it is counted and to be tried again.
  bool HasFailed(const base::Status& status, const char* what);

  const Tenants tenants_;
  const IsQuiet is_quiet_;
  base::Counter& failures_;
  RoundThread sealer_;
  RoundThread tidier_;
};

}  // namespace spandrel::columnar
