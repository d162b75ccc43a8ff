// SPDX-License-Identifier: Apache-2.0
#include "store_tool/store_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "base/log.h"

namespace spandrel::store_tool {
namespace {

columnar::EngineOptions EngineOptionsFor(const StoreCommandOptions& options) {
  columnar::EngineOptions engine;
  engine.directory = options.directory;
  engine.read_only = options.action != StoreAction::kImport && !options.repair;
  engine.create_directory = options.action == StoreAction::kImport;
  // What is imported may be old, and is wanted.
  engine.min_free_bytes = 0;
  return engine;
}

int Run(columnar::Engine& store, base::MetricRegistry& metrics, const StoreCommandOptions& options,
        const Interrupts& interrupts) {
  switch (options.action) {
    case StoreAction::kVerify:
      return VerifyStore(store, options, interrupts);
    case StoreAction::kExport:
      return ExportStore(store, options, interrupts);
    case StoreAction::kImport:
      return ImportFiles(store, metrics, options, interrupts);
    case StoreAction::kStat:
      break;
  }
  return PrintStat(store, options);
}

}  // namespace

int RunStoreCommand(const StoreCommandOptions& options) {
  // The commands say themselves what they find.
  base::SetLogLevel(base::LogLevel::kOff);
  Interrupts interrupts;
  base::MetricRegistry metrics;
  auto store = columnar::Engine::Open(EngineOptionsFor(options), metrics);
  interrupts.Listen();
  if (!store.ok()) return Fail(store.status());
  const int status = Run(**store, metrics, options, interrupts);
  (*store)->Close();
  return status;
}

base::Result<std::unique_ptr<columnar::Engine>> FindTenant(const columnar::Engine& store,
                                                           const std::string& name) {
  const std::vector<std::string> names = store.Tenants();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    return base::Status(base::StatusCode::kNotFound,
                        fmt::format("--tenant: nothing of '{}' is stored here", name));
  }
  return store.ForTenant(name);
}

int Fail(const base::Status& status) {
  fmt::print(stderr, "spandrel: {}\n", status.message());
  return 1;
}

}  // namespace spandrel::store_tool
