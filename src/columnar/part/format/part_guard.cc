// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/part_guard.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/fixed.h"

namespace spandrel::columnar {
namespace {

constexpr uint32_t kCrc32cPolynomial = 0x82f63b78;  // reflected

uint64_t PagesOf(uint64_t covered) {
  return (covered + kGuardPageBytes - 1) / kGuardPageBytes;
}

uint64_t StripesOf(uint64_t pages) {
  return (pages + kGuardStripePages - 1) / kGuardStripePages;
}

uint64_t GuardBytes(uint64_t covered) {
  const uint64_t pages = PagesOf(covered);
  return pages * sizeof(uint32_t) + StripesOf(pages) * kGuardPageBytes;
}

void XorInto(std::string_view bytes, char* sum) {
  for (size_t i = 0; i < bytes.size(); ++i) sum[i] = static_cast<char>(sum[i] ^ bytes[i]);
}

// The checksum's state after another byte of zeros.
uint32_t PassByte(uint32_t state) {
  for (int bit = 0; bit < 8; ++bit) {
    state = (state >> 1) ^ ((state & 1) != 0 ? kCrc32cPolynomial : 0);
  }
  return state;
}

}  // namespace

void PartGuardBuilder::Add(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kGuardPageBytes - page_.size());
    page_ += piece;
    bytes.remove_prefix(piece.size());
    if (page_.size() == kGuardPageBytes) EndPage();
  }
}

void PartGuardBuilder::EndPage() {
  if (checks_.size() % kGuardStripePages == 0) parity_.append(kGuardPageBytes, '\0');
  checks_.push_back(base::Crc32c(page_));
  XorInto(page_, parity_.data() + (parity_.size() - kGuardPageBytes));
  page_.clear();
}

std::string PartGuardBuilder::Finish() {
  if (!page_.empty()) EndPage();
  std::string guard(base::BytesOf(checks_));
  return guard += parity_;
}

std::optional<PartGuard> PartGuard::Covering(std::string_view file, uint64_t size) {
  if (size == 0 || size > file.size() || GuardBytes(size) > file.size() - size) {
    return std::nullopt;
  }
  return PartGuard(file, size);
}

// The more it covers the later it ends, so that one size fits at most.
std::optional<PartGuard> PartGuard::EndingAt(std::string_view file, uint64_t end) {
  if (end > file.size()) return std::nullopt;
  uint64_t low = 0;
  uint64_t high = end;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (middle + GuardBytes(middle) < end) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0 || low + GuardBytes(low) != end) return std::nullopt;
  return PartGuard(file, low);
}

uint32_t PartGuard::CheckOf(size_t page) const {
  base::FixedReader reader(guard_.substr(page * sizeof(uint32_t), sizeof(uint32_t)));
  return reader.Take<uint32_t>();
}

bool PartGuard::IsIntact(size_t page) const {
  return base::Crc32c(Page(page)) == CheckOf(page);
}

std::optional<std::string> PartGuard::Mend(size_t page) const {
  if (IsIntact(page)) return std::string(Page(page));
  if (auto mended = FromStripe(page)) return mended;
  return FlipBack(page);
}

uint64_t PartGuard::end() const {
  return covered_.size() + GuardBytes(covered_.size());
}

size_t PartGuard::stripe_count() const {
  return StripesOf(page_count());
}

std::string_view PartGuard::ParityOf(size_t stripe) const {
  return guard_.substr(page_count() * sizeof(uint32_t) + stripe * kGuardPageBytes, kGuardPageBytes);
}

bool PartGuard::IsStripeIntact(size_t stripe) const {
  std::string sum(ParityOf(stripe));
  const size_t first = stripe * kGuardStripePages;
  const size_t end = std::min(first + kGuardStripePages, page_count());
  for (size_t page = first; page < end; ++page) XorInto(Page(page), sum.data());
  return sum.find_first_not_of('\0') == sum.npos;
}

// What the other pages of the stripe leave of its sum.
std::optional<std::string> PartGuard::FromStripe(size_t page) const {
  const size_t stripe = page / kGuardStripePages;
  const size_t first = stripe * kGuardStripePages;
  const size_t end = std::min(first + kGuardStripePages, page_count());
  std::string sum(ParityOf(stripe));
  for (size_t other = first; other < end; ++other) {
    if (other == page) continue;
    if (IsIntact(other)) {
      XorInto(Page(other), sum.data());
      continue;
    }
    const auto mended = FlipBack(other);
    if (!mended) return std::nullopt;
    XorInto(*mended, sum.data());
  }
  sum.resize(Page(page).size());
  if (base::Crc32c(sum) != CheckOf(page)) return std::nullopt;
  return sum;
}

// A wrong bit changes the checksum by what depends on its place alone. What is in the file may be
// written over meanwhile, by who has mended it too.
std::optional<std::string> PartGuard::FlipBack(size_t page) const {
  std::string bytes(Page(page));
  const uint32_t difference = base::Crc32c(bytes) ^ CheckOf(page);
  if (difference == 0) return bytes;
  std::array<uint32_t, 8> change{};
  for (uint32_t bit = 0; bit < 8; ++bit) change[bit] = uint32_t{1} << bit;
  for (size_t at = bytes.size(); at-- > 0;) {
    for (uint32_t bit = 0; bit < 8; ++bit) {
      change[bit] = PassByte(change[bit]);
      if (change[bit] != difference) continue;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      return bytes;
    }
  }
  return std::nullopt;
}

}  // namespace spandrel::columnar
