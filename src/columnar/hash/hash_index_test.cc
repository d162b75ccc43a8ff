// SPDX-License-Identifier: Apache-2.0
#include "columnar/hash/hash_index.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace spandrel::columnar {
namespace {

// Finds each of `hashes` at its position, and none of those that are one more.
void ExpectFound(const std::vector<uint64_t>& hashes) {
  HashIndex index;
  for (size_t i = 0; i < hashes.size(); ++i) {
    index.Insert(hashes[i], [&](uint32_t at) { return hashes[at]; });
  }
  for (uint32_t i = 0; i < hashes.size(); ++i) {
    index.Prefetch(hashes[i]);
    EXPECT_EQ(index.Find(hashes[i], [&](uint32_t at) { return at == i; }), i);
    EXPECT_EQ(index.Find(hashes[i], [](uint32_t) { return false; }), HashIndex::kAbsent);
    EXPECT_EQ(index.Find(hashes[i] + 1, [&](uint32_t at) { return hashes[at] == hashes[i] + 1; }),
              HashIndex::kAbsent);
  }
}

TEST(HashIndexTest, FindsNothingInAnEmptyTable) {
  const HashIndex index;
  EXPECT_EQ(index.Find(1, [](uint32_t) { return true; }), HashIndex::kAbsent);
  EXPECT_EQ(index.byte_size(), 0U);
}

TEST(HashIndexTest, FindsEachKeyWhateverItsHash) {
  std::mt19937_64 random(7);
  std::vector<uint64_t> hashes;
  for (size_t i = 0; i < 20'000; ++i) hashes.push_back(random() & ~uint64_t{1});
  ExpectFound(hashes);
}

TEST(HashIndexTest, FindsKeysThatShareTheirHash) {
  ExpectFound(std::vector<uint64_t>(300, 0));
  ExpectFound(std::vector<uint64_t>(300, UINT64_MAX - 1));
}

// Slots behind the last one are the first ones.
TEST(HashIndexTest, FindsKeysThatWrapAround) {
  std::vector<uint64_t> hashes;
  for (uint64_t i = 0; i < 200; ++i) hashes.push_back((i % 3 + 1) << 56 | 0xfffffff0 | i % 16);
  std::erase_if(hashes, [](uint64_t hash) { return hash % 2 != 0; });
  ExpectFound(hashes);
}

}  // namespace
}  // namespace spandrel::columnar
