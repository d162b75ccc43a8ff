// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace spandrel::columnar {

// Which bits of a page are wrong, told from the difference that they make to its crc32c: a wrong
// bit changes it by what depends on its place alone. Bits are numbered from the page's front, eight
// a byte, the lowest first.
class FlipFinder {
 public:
  explicit FlipFinder(size_t page_bytes);

  // The bit that makes the difference alone.
  std::optional<uint32_t> FindOne(uint32_t difference) const;

  // The few of the candidates that make it together; more of them are found where candidates are
  // few. Nothing when none do, or when several choices do.
  std::optional<std::vector<uint32_t>> FindAmong(const std::vector<uint32_t>& candidates,
                                                 uint32_t difference) const;

 private:
  std::vector<uint32_t> changes_;  // by bit
};

// Turns bits of a page over.
void FlipBits(const std::vector<uint32_t>& bits, std::string* page);

}  // namespace spandrel::columnar
