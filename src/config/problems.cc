// SPDX-License-Identifier: Apache-2.0
#include "config/problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace spandrel::config {

std::string Location::ToString() const {
  return line == 0 ? file : fmt::format("{}:{}:{}", file, line, column);
}

bool Problems::has_errors() const {
  return std::any_of(problems_.begin(), problems_.end(),
                     [](const Problem& problem) { return !problem.is_warning; });
}

void Problems::SortByPlace() {
  std::map<std::string, size_t> file_order;
  for (const Problem& problem : problems_)
    file_order.emplace(problem.where.file, file_order.size());
  const auto place = [&](const Problem& problem) {
    return std::tuple(file_order[problem.where.file], problem.where.line, problem.where.column);
  };
  std::stable_sort(problems_.begin(), problems_.end(),
                   [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
}

std::string Problems::ToString() const {
  std::string text;
  for (const Problem& problem : problems_) {
    const std::string where = problem.where.ToString();
    if (!where.empty()) text += where + ": ";
    if (problem.is_warning) text += "warning: ";
    if (!problem.path.empty()) text += problem.path + ": ";
    text += problem.message + "\n";
  }
  return text;
}

}  // namespace spandrel::config
