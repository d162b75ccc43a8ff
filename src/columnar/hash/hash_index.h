// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/prefetch.h"

namespace spandrel::columnar {

static_assert(std::endian::native == std::endian::little);

// An open-addressing table from hashes to positions 0, 1, 2 ... of somebody's vector. It keeps
// eight bits of the hash and the position; what is equal the owner says. The bits lie apart from
// the positions, so that looking for what is not there reads little memory; of such keys, up to one
// in thirty makes it ask the owner. Feed it keyed hashes (ContentHash, XXH3 with a secret seed)
// where outsiders choose the keys. One writer at a time.
class HashIndex {
 public:
  static constexpr uint32_t kAbsent = UINT32_MAX;

  // The position for which `is_equal(position)` holds, or kAbsent.
  template <typename IsEqual>
  uint32_t Find(uint64_t hash, IsEqual&& is_equal) const {
    if (tags_.empty()) return kAbsent;
    for (size_t at = hash & mask_;; at = (at + kGroup) & mask_) {
      uint64_t group;
      std::memcpy(&group, &tags_[at], sizeof(group));
      const uint64_t free = ZeroBytes(group);
      const uint64_t before_free = (free & -free) - 1;
      for (uint64_t same = ZeroBytes(group ^ InEachByte(Tag(hash))) & before_free; same != 0;
           same &= same - 1) {
        const size_t slot = (at + static_cast<size_t>(std::countr_zero(same)) / 8) & mask_;
        if (is_equal(positions_[slot])) return positions_[slot];
      }
      if (free != 0) return kAbsent;
    }
  }

  // Asks the memory for the place where a hash will be looked for.
  void Prefetch(uint64_t hash) const {
    if (!tags_.empty()) base::Prefetch(&tags_[hash & mask_]);
  }

  // Adds the next position, whose key is not there yet. `hash_of(position)` is asked of all before
  // it when the table grows.
  template <typename HashOf>
  void Insert(uint64_t hash, HashOf&& hash_of) {
    if ((size_t{count_} + 1) * 4 > positions_.size() * 3) Grow(hash_of);
    Place(hash, count_++);
  }

  size_t byte_size() const {
    return tags_.capacity() * sizeof(uint8_t) + positions_.capacity() * sizeof(uint32_t);
  }

 private:
  static constexpr uint8_t kFree = 0;
  // Slots that are looked at together.
  static constexpr size_t kGroup = sizeof(uint64_t);

  static uint8_t Tag(uint64_t hash) {
    const auto bits = static_cast<uint8_t>(hash >> 56);
    return bits == kFree ? 1 : bits;
  }
  static uint64_t InEachByte(uint8_t byte) { return uint64_t{byte} * 0x0101010101010101; }
  // The high bit of each byte that is zero.
  static uint64_t ZeroBytes(uint64_t word) {
    constexpr uint64_t kLowBits = 0x7f7f7f7f7f7f7f7f;
    return ~(((word & kLowBits) + kLowBits) | word | kLowBits);
  }

  void Place(uint64_t hash, uint32_t position) {
    size_t at = hash & mask_;
    while (tags_[at] != kFree) at = (at + 1) & mask_;
    tags_[at] = Tag(hash);
    if (at < kGroup) tags_[mask_ + 1 + at] = tags_[at];
    positions_[at] = position;
  }

  template <typename HashOf>
  void Grow(HashOf& hash_of) {
    const size_t size = std::max<size_t>(64, positions_.size() * 2);
    tags_ = std::vector<uint8_t>(size + kGroup);
    positions_ = std::vector<uint32_t>(size);
    mask_ = size - 1;
    for (uint32_t position = 0; position < count_; ++position) {
      Place(hash_of(position), position);
    }
  }

  // Of each slot, kFree where there is nothing; the first group is repeated behind the last one.
  std::vector<uint8_t> tags_;
  std::vector<uint32_t> positions_;
  size_t mask_ = 0;
  uint32_t count_ = 0;
};

}  // namespace spandrel::columnar
