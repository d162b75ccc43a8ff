// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

namespace spandrel::bench {

// Of this process, all threads.
inline double CpuMilliseconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

// Wall and CPU time of each run of one question.
class Timings {
 public:
  template <typename Question>
  void Measure(const Question& question) {
    const double cpu = CpuMilliseconds();
    const auto begin = std::chrono::steady_clock::now();
    question();
    const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - begin;
    wall_ms_.push_back(wall.count());
    cpu_ms_.push_back(CpuMilliseconds() - cpu);
    sum_ms_ += wall.count();
  }

  size_t count() const { return wall_ms_.size(); }
  double sum_ms() const { return sum_ms_; }

  // One JSON object: the question, how long it took, and what came out of it.
  std::string ToJson(const std::string& name, const std::string& result) const {
    return fmt::format(
        "{{\"name\": \"{}\", \"p50_ms\": {:.4f}, \"p99_ms\": {:.4f}, \"cpu_ms\": {:.4f}, "
        "\"runs\": {}, \"result\": \"{}\"}}",
        name, Quantile(wall_ms_, 0.5), Quantile(wall_ms_, 0.99), Quantile(cpu_ms_, 0.5), count(),
        result);
  }

 private:
  static double Quantile(std::vector<double> values, double quantile) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<size_t>(quantile * static_cast<double>(values.size() - 1) + 0.5)];
  }

  std::vector<double> wall_ms_;
  std::vector<double> cpu_ms_;
  double sum_ms_ = 0;
};

}  // namespace spandrel::bench
