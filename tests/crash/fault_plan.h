// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace spandrel::crash {

// What the fault shim was asked to do, from the environment.
struct FaultPlan {
  std::string root;     // SPANDREL_FAULT_ROOT: only files below it count; empty: nothing happens
  std::string call;     // SPANDREL_FAULT_CALL: read, write, sync, open, rename, unlink, truncate,
                        // allocate, any
  uint64_t at = 0;      // SPANDREL_FAULT_AT: at which of these calls
  bool sticky = false;  // SPANDREL_FAULT_STICKY=1: and at all later ones
  std::string action;   // SPANDREL_FAULT_ACTION: kill, torn, short, cut, mixed, or EIO, ENOSPC, ...
  uint64_t seed = 0;    // SPANDREL_FAULT_SEED: of `mixed`
  std::string image;    // SPANDREL_FAULT_IMAGE: where the power-cut image is made
  std::string report;   // SPANDREL_FAULT_REPORT: a line for each fault, and for each broken rule

  static FaultPlan FromEnvironment();
};

}  // namespace spandrel::crash
