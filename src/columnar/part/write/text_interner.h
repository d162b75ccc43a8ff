// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "columnar/hash/hash_index.h"

namespace spandrel::columnar {

// The texts of one column that is being collected, each distinct one once, until it shows that most
// are distinct: from then on each is kept as it comes. One thread.
class TextInterner {
 public:
  // The position of the text in texts().
  uint32_t Add(std::string_view text);

  const std::vector<std::string_view>& texts() const { return texts_; }
  // False when texts() may hold the same text twice.
  bool is_distinct() const { return distinct_; }
  size_t byte_size() const;

 private:
  std::string_view Keep(std::string_view text);

  std::vector<std::string_view> texts_;
  HashIndex index_;
  uint64_t added_ = 0;
  bool distinct_ = true;

  std::vector<std::unique_ptr<char[]>> blocks_;  // where the texts lie
  size_t kept_bytes_ = 0;
  char* free_ = nullptr;
  size_t free_bytes_ = 0;
};

}  // namespace spandrel::columnar
