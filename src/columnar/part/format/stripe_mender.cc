// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/stripe_mender.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"

namespace spandrel::columnar {
namespace {

// More wrong bits than these are no few bits.
constexpr size_t kMaxWrongBits = 4096;

const FlipFinder& WholePages() {
  static const FlipFinder finder(kGuardPageBytes);
  return finder;
}

void XorInto(std::string_view bytes, std::string* sum) {
  for (size_t i = 0; i < bytes.size(); ++i) (*sum)[i] = static_cast<char>((*sum)[i] ^ bytes[i]);
}

}  // namespace

StripeMender::StripeMender(const PartGuard& guard, size_t stripe)
    : guard_(guard),
      first_(stripe * kGuardStripePages),
      end_(std::min(first_ + kGuardStripePages, guard.page_count())),
      left_(guard.SumOf(stripe)) {}

StripeMender::Result StripeMender::Mend() && {
  FindDamage();
  while (MendAny()) {
  }
  if (damaged_.size() == 1) {
    const size_t last = damaged_.front();
    if (auto bytes = WhatIsLeft(last)) Keep(last, *std::move(bytes));
  }
  result_.all = damaged_.empty();
  return std::move(result_);
}

// A page of which only the checksum is wrong is right, and is kept as it is.
void StripeMender::FindDamage() {
  for (size_t page = first_; page < end_; ++page) {
    XorInto(guard_.Page(page), &left_);
    if (guard_.IsIntact(page)) continue;
    if (guard_.HasWrongCheck(page)) {
      result_.mended.emplace(page, guard_.Page(page));
    } else {
      damaged_.push_back(page);
    }
  }
}

bool StripeMender::MendAny() {
  const std::vector<size_t> damaged = damaged_;
  for (const size_t page : damaged) {
    if (auto bytes = FlipBack(page)) Keep(page, *std::move(bytes));
  }
  return damaged_.size() < damaged.size();
}

void StripeMender::Keep(size_t page, std::string bytes) {
  XorInto(guard_.Page(page), &left_);
  XorInto(bytes, &left_);
  std::erase(damaged_, page);
  result_.mended.emplace(page, std::move(bytes));
}

// Of a page of that size; none when they are too many.
std::vector<uint32_t> StripeMender::WrongBits(size_t page_bytes) const {
  std::vector<uint32_t> bits;
  for (size_t at = 0; at < page_bytes && bits.size() <= kMaxWrongBits; ++at) {
    for (uint32_t bit = 0; bit < 8; ++bit) {
      if ((static_cast<uint8_t>(left_[at]) >> bit & 1) == 0) continue;
      bits.push_back(static_cast<uint32_t>(at * 8 + bit));
    }
  }
  if (bits.size() > kMaxWrongBits) bits.clear();
  return bits;
}

// What is in the file may be written over meanwhile, by who has mended it too.
std::optional<std::string> StripeMender::FlipBack(size_t page) const {
  std::string bytes(guard_.Page(page));
  const uint32_t difference = base::Crc32c(bytes) ^ guard_.CheckOf(page);
  if (difference == 0) return bytes;
  std::optional<FlipFinder> of_short_page;
  if (bytes.size() < kGuardPageBytes) of_short_page.emplace(bytes.size());
  const FlipFinder& finder = of_short_page ? *of_short_page : WholePages();
  std::optional<std::vector<uint32_t>> bits;
  if (const auto bit = finder.FindOne(difference)) {
    bits = {*bit};
  } else {
    bits = finder.FindAmong(WrongBits(bytes.size()), difference);
  }
  if (!bits) return std::nullopt;
  FlipBits(*bits, &bytes);
  return bytes;
}

std::optional<std::string> StripeMender::WhatIsLeft(size_t page) const {
  std::string bytes(guard_.Page(page));
  XorInto(std::string_view(left_).substr(0, bytes.size()), &bytes);
  if (base::Crc32c(bytes) != guard_.CheckOf(page)) return std::nullopt;
  return bytes;
}

std::optional<std::string> MendPage(const PartGuard& guard, size_t page) {
  if (guard.IsIntact(page)) return std::string(guard.Page(page));
  auto result = StripeMender(guard, page / kGuardStripePages).Mend();
  const auto found = result.mended.find(page);
  if (found == result.mended.end()) return std::nullopt;
  return std::move(found->second);
}

}  // namespace spandrel::columnar
