// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace spandrel::cli {

enum class Action : uint8_t { kQuery, kTrace, kTail };

// What `spandrel query`, `trace` and `tail` ask for.
struct CommandOptions {
  Action action = Action::kQuery;

  // Who is asked: the data directory if there is one, else the server.
  std::string server;
  std::string data;
  std::vector<std::string> headers;
  std::string token_file;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string tenant;
  std::string timeout = "30s";

  std::string query;  // of query and tail
  std::string from;   // of query, an hour ago when empty; of tail, now when empty
  std::string to = "now";
  std::string step;      // of series; chosen by the range when empty
  bool by_time = false;  // series as rows by time
  uint64_t limit = 20;   // traces or series
  uint64_t tail_limit = 0;
  std::string overlap = "1m";
  std::string interval = "1s";

  bool exact_names = false;  // attributes by the very names that are asked for

  std::string trace_id;
  std::string span_id;
  bool all = false;  // siblings that are alike too

  std::string format;  // table, tree, line; json; otlp; the first when empty
  std::string color = "auto";
};

// Adds `query`, `trace` and `tail`.
struct Commands {
  CLI::App* query;
  CLI::App* trace;
  CLI::App* tail;
};
Commands AddCommands(CLI::App& app, CommandOptions* options);

}  // namespace spandrel::cli
