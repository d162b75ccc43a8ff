// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "columnar/engine.h"
#include "store_tool/options.h"
#include "store_tool/terminal.h"

namespace spandrel::store_tool {

// `spandrel store ...`: runs it and returns the exit status; 130 when a signal ended it.
int RunStoreCommand(const StoreCommandOptions& options);

// The actions, each on an open store. What goes wrong is said on standard error.
int PrintStat(columnar::Engine& store, const StoreCommandOptions& options);
int VerifyStore(columnar::Engine& store, const Interrupts& interrupts);
int ExportStore(columnar::Engine& store, const StoreCommandOptions& options,
                const Interrupts& interrupts);
int ImportFiles(columnar::Engine& store, base::MetricRegistry& metrics,
                const StoreCommandOptions& options, const Interrupts& interrupts);

// Prints "spandrel: message"; the exit status of a failure.
int Fail(const base::Status& status);

}  // namespace spandrel::store_tool
