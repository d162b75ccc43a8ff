// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/part_guard.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/fixed.h"

namespace spandrel::columnar {
namespace {

// How many pages at the front of a file tell its guard.
constexpr size_t kSampledPages = 64;
// With its trailer; of a part that was judged by policy, half a mebibyte are ids.
constexpr uint64_t kMaxFooterBytes = uint64_t{1} << 20;

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

// How many bytes the guard of a file covers when it covers so many and ends, with `behind` more of
// them, where the file does; nothing when no number fits. The more it covers the later it ends.
std::optional<uint64_t> CoveredBytes(uint64_t file_size, uint64_t behind) {
  uint64_t low = 0;
  uint64_t high = file_size;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (middle + GuardBytes(middle) + behind < file_size) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0 || low + GuardBytes(low) + behind != file_size) return std::nullopt;
  return low;
}

// Of whole pages at the front of a file.
std::vector<uint32_t> FirstChecks(std::string_view file) {
  std::vector<uint32_t> checks;
  for (size_t page = 0; page < kSampledPages && file.size() >= kGuardPageBytes; ++page) {
    checks.push_back(base::Crc32c(file.substr(0, kGuardPageBytes)));
    file.remove_prefix(kGuardPageBytes);
  }
  return checks;
}

// How many of the pages have their checks in the guard; `checks` are those of whole pages.
size_t CountFitting(const PartGuard& guard, const std::vector<uint32_t>& checks) {
  size_t fitting = 0;
  for (size_t page = 0; page < std::min(kSampledPages, guard.page_count()); ++page) {
    const bool is_whole = guard.Page(page).size() == kGuardPageBytes;
    fitting += (is_whole ? guard.CheckOf(page) == checks[page] : guard.IsIntact(page)) ? 1 : 0;
  }
  return fitting;
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

std::optional<PartGuard> PartGuard::EndingAt(std::string_view file, uint64_t end) {
  if (end > file.size()) return std::nullopt;
  const std::optional<uint64_t> covered = CoveredBytes(end, 0);
  if (!covered) return std::nullopt;
  return PartGuard(file, *covered);
}

// Whatever size a footer may have is tried.
std::optional<PartGuard> PartGuard::Find(std::string_view file) {
  const std::vector<uint32_t> checks = FirstChecks(file);
  std::optional<PartGuard> best;
  size_t most = 0;
  for (uint64_t footer = 0; footer < std::min(kMaxFooterBytes, file.size()); footer += 4) {
    const std::optional<uint64_t> covered = CoveredBytes(file.size(), footer);
    if (!covered) continue;
    const PartGuard guard(file, *covered);
    const size_t fitting = CountFitting(guard, checks);
    if (fitting <= most) continue;
    most = fitting;
    best.emplace(guard);
  }
  return best;
}

uint32_t PartGuard::CheckOf(size_t page) const {
  base::FixedReader reader(guard_.substr(page * sizeof(uint32_t), sizeof(uint32_t)));
  return reader.Take<uint32_t>();
}

bool PartGuard::IsIntact(size_t page) const {
  return base::Crc32c(Page(page)) == CheckOf(page);
}

bool PartGuard::HasWrongCheck(size_t page) const {
  return std::popcount(base::Crc32c(Page(page)) ^ CheckOf(page)) == 1;
}

uint64_t PartGuard::end() const {
  return covered_.size() + GuardBytes(covered_.size());
}

size_t PartGuard::stripe_count() const {
  return StripesOf(page_count());
}

uint64_t PartGuard::SumOffset(size_t stripe) const {
  return CheckOffset(page_count()) + stripe * kGuardPageBytes;
}

std::string_view PartGuard::SumOf(size_t stripe) const {
  return guard_.substr(SumOffset(stripe) - covered_.size(), kGuardPageBytes);
}

std::string PartGuard::SumOfPages(size_t stripe) const {
  std::string sum(kGuardPageBytes, '\0');
  const size_t first = stripe * kGuardStripePages;
  const size_t end = std::min(first + kGuardStripePages, page_count());
  for (size_t page = first; page < end; ++page) XorInto(Page(page), sum.data());
  return sum;
}

}  // namespace spandrel::columnar
