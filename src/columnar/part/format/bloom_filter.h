// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace spandrel::columnar {

// A split-block Bloom filter (Putze, Sanders, Singler 2007) of 64-bit hashes: blocks of eight
// 32-bit words, one bit in each. 12 bits a hash give about one false positive in 300, 10 bits one
// in 100.
class BloomFilterBuilder {
 public:
  explicit BloomFilterBuilder(size_t count, size_t bits_per_hash);
  void Add(uint64_t hash);
  const std::vector<uint32_t>& words() const { return words_; }

 private:
  std::vector<uint32_t> words_;
};

// False when no such hash was added. `words` are the bytes of a builder's words.
bool FilterMayContain(std::string_view words, uint64_t hash);

}  // namespace spandrel::columnar
