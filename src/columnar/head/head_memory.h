// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "storage/store.h"

namespace spandrel::columnar {

// What a head occupies.
struct HeadBytes {
  uint64_t all = 0;
  uint64_t beside_spans = 0;  // of these: what no buffer of spans has reserved
};

// What all heads of a store occupy together, also counted into the process's shares. Any thread.
class HeadMemory {
 public:
  explicit HeadMemory(const storage::StoreMemory& memory) : memory_(memory) {}
  HeadMemory(const HeadMemory&) = delete;
  HeadMemory& operator=(const HeadMemory&) = delete;

  void Add(HeadBytes bytes) {
    bytes_ += bytes.all;
    if (memory_.heads != nullptr) memory_.heads->Take(bytes.all);
    if (memory_.requests != nullptr) memory_.requests->Take(bytes.beside_spans);
  }
  void Remove(HeadBytes bytes) {
    bytes_ -= bytes.all;
    if (memory_.heads != nullptr) memory_.heads->GiveBack(bytes.all);
    if (memory_.requests != nullptr) memory_.requests->GiveBack(bytes.beside_spans);
  }

  uint64_t bytes() const { return bytes_; }
  // Of the stores that share the same memory.
  uint64_t bytes_of_all_stores() const {
    return memory_.heads == nullptr ? bytes() : memory_.heads->used();
  }

 private:
  const storage::StoreMemory memory_;
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace spandrel::columnar
