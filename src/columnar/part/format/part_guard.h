// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spandrel::columnar {

// What mends a part file: a checksum of each page, and for each stripe of pages the exclusive or of
// all of them. One page of a stripe comes back whatever happened to it, and any pages of which a
// few bits are wrong (stripe_mender.h). docs/formats/part.md says how it lies in the file.
inline constexpr size_t kGuardPageBytes = 4096;
inline constexpr size_t kGuardStripePages = 256;

// Makes the guard of a file from its bytes, in order.
class PartGuardBuilder {
 public:
  void Add(std::string_view bytes);
  // Of all that was added.
  std::string Finish();

 private:
  void EndPage();

  std::string page_;  // that is not full
  std::vector<uint32_t> checks_;
  std::string parity_;  // of all stripes
};

// A guard in a file; a view. Whatever it says is checked by whoever uses it: its own bytes may be
// damaged too.
class PartGuard {
 public:
  // Of a file whose guard ends at `end`; nothing when there can be none.
  static std::optional<PartGuard> EndingAt(std::string_view file, uint64_t end);
  // Of a file whose guard covers the first `size` bytes.
  static std::optional<PartGuard> Covering(std::string_view file, uint64_t size);
  // Of a part file of which both footers are damaged, told from its size and the checksums of its
  // first pages alone.
  static std::optional<PartGuard> Find(std::string_view file);

  size_t page_count() const { return (covered_.size() + kGuardPageBytes - 1) / kGuardPageBytes; }
  uint64_t covered_bytes() const { return covered_.size(); }
  // As it lies in the file. The last page may be shorter.
  std::string_view Page(size_t page) const {
    return covered_.substr(page * kGuardPageBytes, kGuardPageBytes);
  }
  bool IsIntact(size_t page) const;
  // Whether one bit of the page's checksum is wrong, and nothing else.
  bool HasWrongCheck(size_t page) const;
  uint32_t CheckOf(size_t page) const;
  uint64_t CheckOffset(size_t page) const { return covered_.size() + page * sizeof(uint32_t); }
  size_t stripe_count() const;
  std::string_view SumOf(size_t stripe) const;
  uint64_t SumOffset(size_t stripe) const;
  // What SumOf should be, as far as the pages are what they were.
  std::string SumOfPages(size_t stripe) const;
  // Where it ends in the file.
  uint64_t end() const;

 private:
  PartGuard(std::string_view file, uint64_t covered)
      : covered_(file.substr(0, covered)), guard_(file.substr(covered)) {}

  std::string_view covered_;
  std::string_view guard_;  // and what is behind it
};

}  // namespace spandrel::columnar
