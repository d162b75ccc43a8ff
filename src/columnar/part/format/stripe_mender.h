// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "columnar/part/format/flip_finder.h"
#include "columnar/part/format/part_guard.h"

namespace spandrel::columnar {

// The pages of one stripe that are wrong, mended with one another's help. What all pages and their
// sum leave over has a bit for each that is wrong in one of them, so it says which bits may be; the
// checksum of a page says which of these are its own. The last page that is left comes back
// whatever happened to it.
class StripeMender {
 public:
  StripeMender(const PartGuard& guard, size_t stripe);

  struct Result {
    std::map<size_t, std::string> mended;  // as they were written, by page
    bool all = false;                      // no other page is wrong
  };
  Result Mend() &&;

 private:
  void FindDamage();
  std::vector<uint32_t> WrongBits(size_t page_bytes) const;
  std::optional<std::string> FlipBack(size_t page) const;
  std::optional<std::string> WhatIsLeft(size_t page) const;
  bool MendAny();
  void Keep(size_t page, std::string bytes);

  const PartGuard& guard_;
  const size_t first_;
  const size_t end_;
  std::string left_;             // of the sum, where all pages are what they were written as: 0
  std::vector<size_t> damaged_;  // pages
  Result result_;
};

// A page as it was written; nothing when it cannot be told.
std::optional<std::string> MendPage(const PartGuard& guard, size_t page);

}  // namespace spandrel::columnar
