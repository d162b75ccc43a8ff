// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "columnar/engine.h"
#include "crash/numbered_request.h"

namespace spandrel::crash {

// What the driver was asked to do.
struct DriverJob {
  std::string directory;
  std::string ledger;
  RequestShape shape;
  uint64_t requests = 60;
  bool large = false;     // the engine's own sizes, not tiny ones
  bool others = false;    // the store holds spans of other ledgers too
  bool pristine = false;  // the store must not report any damage
  uint64_t every = 1;     // damage: only one place in so many
  uint64_t first = 0;     // damage: and of those, beginning here
};

// Sent after each check, to see that the store takes spans again.
inline constexpr uint64_t kProbeNumber = (uint64_t{1} << 40) - 1;
span::SpanBatch ProbeBatch(const RequestShape& shape);

// So small that a few requests make log files, parts and merges.
columnar::EngineOptions OptionsFor(const DriverJob& job);

// What the engine's counters say about damage: places, files and reads.
uint64_t ReportedDamage(const base::MetricRegistry& metrics);

// Damages every file of the closed store at `job.directory` in a copy beside it, again and again,
// and wants each copy to open, to tell of the damage when something is missing, and to give nothing
// but what was sent. Returns how many of these failed.
int DamageEverything(const DriverJob& job);

}  // namespace spandrel::crash
