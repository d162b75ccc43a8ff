// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace spandrel::columnar {

// A split-block Bloom filter (Putze, Sanders, Singler 2007) of trace id hashes: blocks of eight
// 32-bit words, one bit in each. 12 bits a trace give about one false positive in 300.
class TraceFilterBuilder {
 public:
  explicit TraceFilterBuilder(size_t traces);
  void Add(uint64_t hash);
  const std::vector<uint32_t>& words() const { return words_; }

 private:
  std::vector<uint32_t> words_;
};

// False when no such trace was added. `words` are the bytes of a builder's words.
bool FilterMayContain(std::string_view words, uint64_t hash);

}  // namespace spandrel::columnar
