// SPDX-License-Identifier: Apache-2.0
#include "server/process/memory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>

#include "server/process/process.h"

namespace spandrel::server {
namespace {

constexpr size_t kMiB = size_t{1} << 20;
// The pages of the program that run, and what its libraries keep.
constexpr size_t kProgramBytes = 24 * kMiB;
// Above these a larger share makes nothing better.
constexpr size_t kMostHeads = 256 * kMiB;
constexpr size_t kMostBackground = 256 * kMiB;

// In percent of what is not fixed.
constexpr size_t kRequests = 26;
constexpr size_t kHeads = 28;
constexpr size_t kBackground = 16;
constexpr size_t kReads = 14;
constexpr size_t kAnswers = 8;
constexpr size_t kOpenParts = 8;
static_assert(kRequests + kHeads + kBackground + kReads + kAnswers + kOpenParts == 100);

// A number from a file that holds one; 0 for anything else.
size_t ReadNumber(const std::string& path) {
  std::ifstream file(path);
  size_t number = 0;
  return file >> number ? number : 0;
}

// The path of this process in the hierarchy of a controller: lines are "7:memory:/a/b", of version
// 2 "0::/a/b".
std::string GroupPath(const std::string& root, const std::string& controller) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    if (line.substr(first + 1, second - first - 1) == controller) return line.substr(second + 1);
  }
  return "";
}

// The least limit of a group and those that it is in.
size_t LeastLimit(const std::string& mount, std::string group, const std::string& file) {
  size_t least = 0;
  while (true) {
    const size_t limit = ReadNumber(fmt::format("{}{}/{}", mount, group, file));
    if (limit != 0) least = least == 0 ? limit : std::min(least, limit);
    const size_t slash = group.rfind('/');
    if (slash == std::string::npos) return least;
    group.resize(slash);
  }
}

size_t MachineBytes() {
  return static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

double Of(const base::ByteBudget& budget) {
  return static_cast<double>(budget.used());
}

std::vector<std::shared_ptr<void>> AddShareGauges(base::MetricRegistry& metrics,
                                                  const MemoryShares& shares) {
  std::vector<std::shared_ptr<void>> gauges;
  const auto add = [&](const char* share, size_t limit, std::function<double()> used) {
    const base::MetricLabels labels = {{"share", share}};
    gauges.push_back(metrics.AddGauge("spandrel_memory_budget_limit_bytes", labels,
                                      [limit] { return static_cast<double>(limit); }));
    gauges.push_back(
        metrics.AddGauge("spandrel_memory_budget_used_bytes", labels, std::move(used)));
  };
  const MemoryDivision& division = shares.division;
  add("process", division.ceiling, ResidentBytes);
  add("requests", division.requests,
      [&shares] { return std::max(0.0, Of(shares.requests) - Of(shares.heads)); });
  add("heads", division.heads, [&shares] { return Of(shares.heads); });
  add("reads", division.reads, [&shares] { return Of(shares.reads); });
  add("answers", division.answers, [&shares] { return Of(shares.answers); });
  add("open_parts", division.open_parts, [&shares] { return Of(shares.open_parts); });
  return gauges;
}

}  // namespace

MemoryDivision Divide(size_t ceiling) {
  MemoryDivision division;
  division.ceiling = ceiling;
  division.fixed = std::min(ceiling, kProgramBytes + ceiling / 16);
  const size_t percent = (ceiling - division.fixed) / 100;
  division.heads = std::min(kHeads * percent, kMostHeads);
  division.background = std::min(kBackground * percent, kMostBackground);
  division.reads = kReads * percent;
  division.answers = kAnswers * percent;
  division.open_parts = kOpenParts * percent;
  // What the others do not take.
  division.requests = ceiling - division.fixed - division.heads - division.background -
                      division.reads - division.answers - division.open_parts;
  return division;
}

size_t ControlGroupLimit(const std::string& root) {
  const size_t limit = LeastLimit(root + "/sys/fs/cgroup", GroupPath(root, ""), "memory.max");
  const size_t older = LeastLimit(root + "/sys/fs/cgroup/memory", GroupPath(root, "memory"),
                                  "memory.limit_in_bytes");
  if (limit == 0 || older == 0) return std::max(limit, older);
  return std::min(limit, older);
}

base::Result<size_t> MemoryCeiling(uint64_t asked_mib) {
  if (asked_mib != 0 && asked_mib < kLeastMemoryMib) {
    return base::Status(
        base::StatusCode::kInvalidArgument,
        fmt::format("--memory-mib: {} MiB is too little, the least that works is {}", asked_mib,
                    kLeastMemoryMib));
  }
  const size_t machine = MachineBytes();
  if (asked_mib != 0) return std::min<uint64_t>(asked_mib, SIZE_MAX / kMiB) * kMiB;
  const size_t limit = ControlGroupLimit();
  // No limit is written as a very large one in version 1.
  const size_t chosen = limit != 0 && limit < machine ? limit / 5 * 4 : machine / 4;
  if (chosen < kLeastMemoryMib * kMiB) {
    return base::Status(
        base::StatusCode::kInvalidArgument,
        fmt::format("the memory that there is allows {} MiB, the least that works is {}; "
                    "--memory-mib sets it",
                    chosen / kMiB, kLeastMemoryMib));
  }
  return chosen;
}

MemoryShares::MemoryShares(size_t ceiling, base::MetricRegistry& metrics)
    : division(Divide(ceiling)),
      requests(division.requests + division.heads),
      heads(division.heads),
      reads(division.reads),
      answers(division.answers),
      open_parts(division.open_parts),
      gauges_(AddShareGauges(metrics, *this)) {}

storage::StoreMemory MemoryShares::OfStores() {
  return {&heads, &requests, &open_parts, division.background};
}

}  // namespace spandrel::server
