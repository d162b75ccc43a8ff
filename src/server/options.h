// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/options.h"
#include "store_tool/options.h"
#include "traffic/options.h"

namespace spandrel::server {

enum class Command : uint8_t {
  kServe,
  kValidate,
  kComponents,
  kPrintConfig,
  kMetrics,
  kLoad,
  kStore,
  kAsk
};

// What the command line asks for.
struct Options {
  Command command = Command::kServe;
  std::vector<std::string> configs;  // --config; empty: the built-in all-in-one
  std::vector<std::string> sets;     // --set a.b=c, and the all-in-one's flags in that form
  std::string ready_file;
  uint64_t memory_mib = 0;  // 0: chosen from the control group's or the machine's memory
  uint64_t io_threads = 0;  // 0: one per processor
  bool verbose = false;
  std::string print_format = "yaml";  // of print-config
  traffic::LoadOptions load;
  store_tool::StoreCommandOptions store;
  cli::CommandOptions ask;  // of query, trace and tail
};

// Reads the command line. Prints help, the version or what is wrong itself; then `exit_now` is true
// and `exit_status` says how.
struct ParsedOptions {
  Options options;
  bool exit_now = false;
  int exit_status = 0;
};
ParsedOptions ParseOptions(int argc, char** argv);

}  // namespace spandrel::server
