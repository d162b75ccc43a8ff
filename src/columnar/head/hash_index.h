// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace spandrel::columnar {

// An open-addressing table from hashes to positions in somebody's vector. It keeps 32 bits of the
// hash and the position; what is equal the owner says. Feed it keyed hashes (ContentHash, XXH3 with
// a secret seed) where outsiders choose the keys. One writer at a time.
class HashIndex {
 public:
  static constexpr uint32_t kAbsent = UINT32_MAX;

  // The position for which `is_equal(position)` holds, or kAbsent.
  template <typename IsEqual>
  uint32_t Find(uint64_t hash, IsEqual&& is_equal) const {
    if (slots_.empty()) return kAbsent;
    for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.position == kAbsent) return kAbsent;
      if (slot.tag == Tag(hash) && is_equal(slot.position)) return slot.position;
    }
  }

  // Asks the memory for the place where a hash will be looked for.
  void Prefetch(uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & mask_]);
  }

  // Adds a position whose key is not there yet. `hash_of(position)` is asked when the table grows.
  template <typename HashOf>
  void Insert(uint64_t hash, uint32_t position, HashOf&& hash_of) {
    if ((count_ + 1) * 4 > slots_.size() * 3) Grow(hash_of);
    Place(hash, position);
    ++count_;
  }

  size_t byte_size() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    uint32_t tag = 0;
    uint32_t position = kAbsent;
  };

  static uint32_t Tag(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

  void Place(uint64_t hash, uint32_t position) {
    size_t at = hash & mask_;
    while (slots_[at].position != kAbsent) at = (at + 1) & mask_;
    slots_[at] = {Tag(hash), position};
  }

  template <typename HashOf>
  void Grow(HashOf& hash_of) {
    const std::vector<Slot> old = std::move(slots_);
    slots_ = std::vector<Slot>(old.empty() ? 64 : old.size() * 2);
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.position != kAbsent) Place(hash_of(slot.position), slot.position);
    }
  }

  std::vector<Slot> slots_;
  size_t mask_ = 0;
  size_t count_ = 0;
};

}  // namespace spandrel::columnar
