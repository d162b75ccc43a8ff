// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "columnar/engine.h"
#include "server/store_command/options.h"
#include "server/store_command/terminal.h"

namespace spandrel::server {

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

}  // namespace spandrel::server
