// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace spandrel::span {

// Memory for bytes that stay where they are until Clear. Not thread-safe.
class ByteArena {
 public:
  // A copy of `bytes`.
  std::string_view Keep(std::string_view bytes) {
    if (bytes.empty()) return {};
    if (left_ < bytes.size()) Grow(bytes.size());
    char* const kept = next_;
    std::memcpy(kept, bytes.data(), bytes.size());
    next_ += bytes.size();
    left_ -= bytes.size();
    used_ += bytes.size();
    return {kept, bytes.size()};
  }

  // Bytes kept since the last Clear.
  size_t used() const { return used_; }

  // Views that Keep has given are of no further use. Keeps one block.
  void Clear() {
    used_ = 0;
    if (blocks_.size() > 1) blocks_.resize(1);
    if (blocks_.empty()) return;
    next_ = blocks_[0].bytes.get();
    left_ = blocks_[0].size;
  }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };

  void Grow(size_t at_least) {
    static constexpr size_t kBlockBytes = 4096;
    const size_t size = std::max(kBlockBytes, at_least);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
    next_ = blocks_.back().bytes.get();
    left_ = size;
  }

  std::vector<Block> blocks_;
  char* next_ = nullptr;
  size_t left_ = 0;
  size_t used_ = 0;
};

}  // namespace spandrel::span
