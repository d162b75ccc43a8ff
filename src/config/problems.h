// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace spandrel::config {

// Where a value was written. `line` and `column` count from 1; 0 when unknown (`--set`).
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
  // "collector.yaml:3:5".
  std::string ToString() const;
};

struct Problem {
  Location where;
  std::string path;     // "exporters::otlp::endpoint"
  std::string message;  // "unknown key 'endpont'; did you mean 'endpoint'?"
  bool is_warning = false;
};

// All that is wrong with a configuration, in the order of the file.
class Problems {
 public:
  void Add(Problem problem) { problems_.push_back(std::move(problem)); }
  bool has_errors() const;
  const std::vector<Problem>& all() const { return problems_; }
  // Brings problems of one file into the order of the file.
  void SortByPlace();
  // A line each: "collector.yaml:3:5: exporters::otlp: unknown key ...".
  std::string ToString() const;

 private:
  std::vector<Problem> problems_;
};

}  // namespace spandrel::config
