// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "columnar/engine.h"
#include "store_tool/options.h"
#include "store_tool/terminal.h"

namespace spandrel::store_tool {

// `spandrel store ...`: runs it and returns the exit status; 130 when a signal ended it.
int RunStoreCommand(const StoreCommandOptions& options);

// The actions, each on an open store. What goes wrong is said on standard error.
int PrintStat(columnar::Engine& store, const StoreCommandOptions& options);
int VerifyStore(columnar::Engine& store, const StoreCommandOptions& options,
                const Interrupts& interrupts);
int ExportStore(columnar::Engine& store, const StoreCommandOptions& options,
                const Interrupts& interrupts);
int ImportFiles(columnar::Engine& store, base::MetricRegistry& metrics,
                const StoreCommandOptions& options, const Interrupts& interrupts);

// The store for one tenant; NOT_FOUND when there is none of that name.
base::Result<std::unique_ptr<columnar::Engine>> FindTenant(const columnar::Engine& store,
                                                           const std::string& name);

// Prints "spandrel: message"; the exit status of a failure.
int Fail(const base::Status& status);

}  // namespace spandrel::store_tool
