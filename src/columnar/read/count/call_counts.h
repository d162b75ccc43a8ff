// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/store.h"

namespace spandrel::columnar {

// Calls between services that are being counted. One thread.
class CallCounts {
 public:
  // The number of a service, which is made when it is new.
  uint32_t ServiceId(std::string_view name);

  // What is known of a call from its child span.
  struct Child {
    bool error = false;
    uint64_t duration_nano = 0;
    uint64_t weight = 1;  // how many calls it stands for
  };
  // A call from a service to itself is none.
  void Add(uint32_t parent, uint32_t child, const Child& span);

  void Merge(const CallCounts& other);

  // What it takes, about.
  size_t byte_size() const { return calls_.size() * sizeof(Call) + names_.size() * 64; }

  // By parent and child.
  std::vector<storage::Dependency> Finish() const;

 private:
  struct Call {
    uint64_t count = 0;
    uint64_t errors = 0;
    storage::LatencyHistogram latency;
  };
  static uint64_t KeyOf(uint32_t parent, uint32_t child) { return uint64_t{parent} << 32 | child; }

  std::unordered_map<std::string, uint32_t> ids_;
  std::vector<std::string> names_;            // by id
  std::unordered_map<uint64_t, Call> calls_;  // by KeyOf
};

}  // namespace spandrel::columnar
