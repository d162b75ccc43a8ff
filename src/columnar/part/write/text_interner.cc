// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/write/text_interner.h"

// Inlined: the texts that are hashed are short.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace spandrel::columnar {
namespace {

constexpr size_t kFirstBlockBytes = 1024;
constexpr size_t kBlockBytes = 64 * 1024;
// From this many texts on, a column of which half are distinct is no longer looked up.
constexpr size_t kTrial = 16 * 1024;

// Senders choose the texts, so they must not know the hash.
uint64_t Hash(std::string_view text) {
  static const uint64_t seed = [] {
    std::random_device random;
    return uint64_t{random()} << 32 | random();
  }();
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

}  // namespace

uint32_t TextInterner::Add(std::string_view text) {
  ++added_;
  const auto next = static_cast<uint32_t>(texts_.size());
  if (distinct_) {
    const uint64_t hash = Hash(text);
    const uint32_t found = index_.Find(hash, [&](uint32_t at) { return texts_[at] == text; });
    if (found != HashIndex::kAbsent) return found;
    index_.Insert(hash, [this](uint32_t at) { return Hash(texts_[at]); });
    if (next >= kTrial && uint64_t{next} * 2 > added_) {
      distinct_ = false;
      index_ = HashIndex();
    }
  }
  texts_.push_back(Keep(text));
  return next;
}

size_t TextInterner::byte_size() const {
  return kept_bytes_ + texts_.capacity() * sizeof(std::string_view) + index_.byte_size();
}

std::string_view TextInterner::Keep(std::string_view text) {
  if (text.size() > free_bytes_) {
    const size_t size =
        std::max(text.size(), std::min(kBlockBytes, std::max(kFirstBlockBytes, kept_bytes_)));
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    free_ = blocks_.back().get();
    free_bytes_ = size;
    kept_bytes_ += size;
  }
  if (!text.empty()) std::memcpy(free_, text.data(), text.size());
  const std::string_view kept(free_, text.size());
  free_ += text.size();
  free_bytes_ -= text.size();
  return kept;
}

}  // namespace spandrel::columnar
