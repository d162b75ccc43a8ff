// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace spandrel::store_tool {

enum class StoreAction : uint8_t { kStat, kVerify, kExport, kImport };

// What `spandrel store ...` asks for.
struct StoreCommandOptions {
  StoreAction action = StoreAction::kStat;
  std::string directory;
  bool json = false;    // of stat
  bool repair = false;  // of verify

  // Of export.
  std::string output = "-";
  std::string format = "otlp-json";
  std::string compression;  // "", "gzip" or "zstd"; by the name of the output when empty
  std::string since;
  std::string until;
  std::string where;
  bool overwrite = false;

  std::vector<std::string> inputs;  // of import
  std::string tenant;               // of export and import; empty: the default tenant
};

// Adds `store` and its subcommands.
CLI::App* AddStoreCommand(CLI::App& app, StoreCommandOptions* options);

}  // namespace spandrel::store_tool
