// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/bloom_filter.h"

#include <array>
#include <cstring>

namespace spandrel::columnar {
namespace {

constexpr size_t kWords = 8;
constexpr std::array<uint32_t, kWords> kSalts = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                                 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};

size_t BlockOf(uint64_t hash, size_t blocks) {
  return static_cast<size_t>(((hash >> 32) * blocks) >> 32) * kWords;
}

uint32_t BitOf(uint64_t hash, size_t word) {
  return uint32_t{1} << (static_cast<uint32_t>(hash) * kSalts[word] >> 27);
}

}  // namespace

BloomFilterBuilder::BloomFilterBuilder(size_t count, size_t bits_per_hash)
    : words_((count * bits_per_hash / (kWords * 32) + 1) * kWords) {}

void BloomFilterBuilder::Add(uint64_t hash) {
  const size_t block = BlockOf(hash, words_.size() / kWords);
  for (size_t i = 0; i < kWords; ++i) words_[block + i] |= BitOf(hash, i);
}

bool FilterMayContain(std::string_view words, uint64_t hash) {
  const size_t blocks = words.size() / (kWords * sizeof(uint32_t));
  if (blocks == 0) return true;
  std::array<uint32_t, kWords> block;
  std::memcpy(block.data(), words.data() + BlockOf(hash, blocks) * sizeof(uint32_t), sizeof(block));
  for (size_t i = 0; i < kWords; ++i) {
    if ((block[i] & BitOf(hash, i)) == 0) return false;
  }
  return true;
}

}  // namespace spandrel::columnar
