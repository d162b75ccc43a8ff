// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/read/part_file.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <utility>

#include "base/crc32c.h"
#include "base/fixed.h"
#include "base/mutex.h"
#include "columnar/part/format/stripe_mender.h"
#include "columnar/part/read/salvage_footer.h"
#include "columns/zstd_block.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

Result<std::string> Decompress(std::string_view stored, uint32_t raw_size) {
  const Status damaged(StatusCode::kDataLoss, "compressed bytes cannot be read");
  // Damaged sizes ask for no memory that the bytes do not account for.
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != raw_size) return damaged;
  std::string raw(raw_size, '\0');
  if (!columns::ReadZstdBlock(stored, raw.data(), raw.size())) return damaged;
  return raw;
}

Status Mismatch(uint64_t part, const SectionRecord& section) {
  return {StatusCode::kDataLoss,
          fmt::format("part {}: checksum mismatch at {}", part, section.offset)};
}

// Whether it is the last copy, or lies where the first one must.
bool IsInPlace(const FoundFooter& found, std::string_view file) {
  const bool has_guard = found.footer.version != kPartVersionWithoutGuard;
  if (found.end == file.size() || !has_guard) return true;
  const std::optional<PartGuard> guard = PartGuard::Covering(file, found.end);
  return guard && guard->end() + (found.end - found.begin) == file.size();
}

// The sum of a part of one page is a copy of it, with a footer in it that serves only where no
// other one can be had.
Result<FoundFooter> FindAnyFooter(std::string_view file) {
  Result<FoundFooter> found = FindPartFooter(file);
  const bool is_damaged = found.status().code() == StatusCode::kDataLoss;
  if (!is_damaged && (!found.ok() || IsInPlace(*found, file))) return found;
  Result<FoundFooter> salvaged = SalvagePartFooter(file);
  return is_damaged || (salvaged.ok() && !salvaged->is_rebuilt) ? std::move(salvaged)
                                                                : std::move(found);
}

}  // namespace

// What was mended, and stays readable as long as the file.
struct PartFile::Mended {
  void MendStripe(const PartGuard& guard, size_t stripe) SPANDREL_REQUIRES(mutex);
  void MendSum(const PartGuard& guard, size_t stripe) SPANDREL_REQUIRES(mutex);

  std::atomic<bool> any{false};
  base::Mutex mutex;
  std::map<uint64_t, std::string> sections SPANDREL_GUARDED_BY(mutex);  // stored bytes, by offset
  std::map<uint64_t, std::string> pages SPANDREL_GUARDED_BY(mutex);     // by offset
  // Stripes of the guard with pages that cannot be mended, whoever tries.
  std::set<size_t> hopeless SPANDREL_GUARDED_BY(mutex);
};

void PartFile::Mended::MendStripe(const PartGuard& guard, size_t stripe) {
  StripeMender::Result result = StripeMender(guard, stripe).Mend();
  for (auto& [page, bytes] : result.mended) {
    if (guard.HasWrongCheck(page) && bytes == guard.Page(page)) {
      std::string check;
      base::AppendFixed(base::Crc32c(bytes), &check);
      pages.try_emplace(guard.CheckOffset(page), std::move(check));
    } else {
      pages.try_emplace(page * kGuardPageBytes, std::move(bytes));
    }
  }
  if (!result.all) hopeless.insert(stripe);
}

void PartFile::Mended::MendSum(const PartGuard& guard, size_t stripe) {
  std::string sum = guard.SumOfPages(stripe);
  const size_t begin = stripe * kGuardStripePages;
  const size_t end = std::min(begin + kGuardStripePages, guard.page_count());
  for (auto page = pages.lower_bound(begin * kGuardPageBytes);
       page != pages.end() && page->first < std::min(end * kGuardPageBytes, guard.covered_bytes());
       ++page) {
    const std::string_view wrong = guard.Page(page->first / kGuardPageBytes);
    for (size_t i = 0; i < wrong.size(); ++i) {
      sum[i] = static_cast<char>(sum[i] ^ wrong[i] ^ page->second[i]);
    }
  }
  if (sum != guard.SumOf(stripe)) pages.try_emplace(guard.SumOffset(stripe), sum);
}

Result<PartFile> PartFile::Open(const std::string& path, uint64_t number) {
  Result<disk::MappedFile> file = disk::MappedFile::Open(path);
  if (!file.ok()) return file.status();
  Result<FoundFooter> found = FindAnyFooter(file->bytes());
  if (!found.ok()) return found.status().Annotate(path);
  PartFile opened(path, number, *std::move(file), *std::move(found));
  opened.MendFooters();
  return opened;
}

PartFile::PartFile(std::string path, uint64_t number, disk::MappedFile file, FoundFooter found)
    : path_(std::move(path)),
      number_(number),
      file_(std::move(file)),
      found_(std::move(found)),
      mended_(std::make_unique<Mended>()) {}

PartFile::PartFile(PartFile&& other) noexcept = default;
PartFile::~PartFile() = default;

// Between the two copies of the footer, whichever of them was read.
std::optional<PartGuard> PartFile::Guard() const {
  if (footer().version == kPartVersionWithoutGuard || found_.end == 0) return std::nullopt;
  const std::string_view file = file_.bytes();
  if (found_.end == file.size()) return PartGuard::EndingAt(file, found_.begin);
  return PartGuard::Covering(file, found_.end);
}

Result<std::string_view> PartFile::CheckedSection(const SectionRecord& section) const {
  const std::string_view file = file_.bytes();
  const bool fits =
      section.offset <= file.size() &&
      kSectionHeaderSize + uint64_t{section.stored_size} <= file.size() - section.offset;
  if (!fits) return Mismatch(number_, section);
  const std::string_view stored = UncheckedSection(section);
  base::FixedReader header(file.substr(section.offset, kSectionHeaderSize));
  if (header.Take<uint32_t>() == SectionCrc(footer().file_id, section, stored)) return stored;
  return MendSection(section);
}

// The checksum of the section has the last word: the guard may be damaged as well.
Result<std::string_view> PartFile::MendSection(const SectionRecord& section) const {
  const std::optional<PartGuard> guard = Guard();
  const uint64_t end = section.offset + kSectionHeaderSize + section.stored_size;
  if (!guard || end > guard->covered_bytes()) return Mismatch(number_, section);
  const std::optional<std::string> bytes = MendPages(*guard, section.offset, end);
  if (!bytes) return Mismatch(number_, section);
  base::FixedReader header(*bytes);
  const auto crc = header.Take<uint32_t>();
  std::string stored = bytes->substr(kSectionHeaderSize);
  if (crc != SectionCrc(footer().file_id, section, stored)) return Mismatch(number_, section);
  base::MutexLock lock(mended_->mutex);
  const auto kept = mended_->sections.try_emplace(section.offset, std::move(stored)).first;
  mended_->any.store(true, std::memory_order_release);
  return std::string_view(kept->second);
}

std::optional<std::string> PartFile::MendPages(const PartGuard& guard, uint64_t begin,
                                               uint64_t end) const {
  const size_t first = begin / kGuardPageBytes;
  std::string bytes;
  for (size_t page = first; page * kGuardPageBytes < end; ++page) {
    if (guard.IsIntact(page)) {
      bytes += guard.Page(page);
      continue;
    }
    const std::optional<std::string> mended = MendPage(guard, page);
    if (!mended) return std::nullopt;
    bytes += *mended;
  }
  return bytes.substr(begin - first * kGuardPageBytes, end - begin);
}

std::optional<std::string> PartFile::MendPage(const PartGuard& guard, size_t page) const {
  const size_t stripe = page / kGuardStripePages;
  base::MutexLock lock(mended_->mutex);
  auto found = mended_->pages.find(page * kGuardPageBytes);
  if (found == mended_->pages.end() && !mended_->hopeless.contains(stripe)) {
    mended_->MendStripe(guard, stripe);
    found = mended_->pages.find(page * kGuardPageBytes);
  }
  if (found != mended_->pages.end()) return found->second;
  // Of a page that is right its checksum may be wrong, or both were written back meanwhile.
  if (!guard.IsIntact(page) && !guard.HasWrongCheck(page)) return std::nullopt;
  return std::string(guard.Page(page));
}

// Where the pages of a stripe are right, so is what they sum up to.
bool PartFile::CheckGuard() const {
  const std::optional<PartGuard> guard = Guard();
  if (!guard) return footer().version == kPartVersionWithoutGuard;
  if (CheckPages(0, guard->page_count()).is_damaged) return false;
  base::MutexLock lock(mended_->mutex);
  for (size_t stripe = 0; stripe < guard->stripe_count(); ++stripe) {
    mended_->MendSum(*guard, stripe);
  }
  return true;
}

// The copy of the footer that was not read, or both when neither was whole.
void PartFile::MendFooters() const {
  const std::optional<PartGuard> guard = Guard();
  const std::string_view file = file_.bytes();
  if (!guard || found_.is_rebuilt || found_.end == file.size()) return;
  const uint64_t size = found_.end - found_.begin;
  if (guard->end() + size != file.size()) return;
  const size_t first = found_.begin / kGuardPageBytes;
  (void)CheckPages(first, guard->page_count() - first);
  base::MutexLock lock(mended_->mutex);
  mended_->pages.try_emplace(guard->end(), EncodePartFooter(footer()));
}

std::vector<PartFile::MendedPage> PartFile::mended_pages() const {
  std::vector<MendedPage> pages;
  base::MutexLock lock(mended_->mutex);
  for (const auto& [offset, bytes] : mended_->pages) pages.push_back({offset, bytes});
  return pages;
}

void PartFile::ForgetMendedPages() const {
  base::MutexLock lock(mended_->mutex);
  mended_->pages.clear();
}

PartFile::CheckedPages PartFile::CheckPages(size_t first, size_t count) const {
  CheckedPages checked;
  const std::optional<PartGuard> guard = Guard();
  if (!guard || first >= guard->page_count()) return checked;
  checked.looked_at = std::min(count, guard->page_count() - first);
  for (size_t page = first; page < first + checked.looked_at; ++page) {
    if (!guard->IsIntact(page)) checked.is_damaged |= !MendPage(*guard, page);
  }
  return checked;
}

Result<std::string> PartFile::ReadSection(const SectionRecord& section) const {
  const Result<std::string_view> stored = CheckedSection(section);
  if (!stored.ok()) return stored.status();
  if (section.raw_size == section.stored_size) return std::string(*stored);
  return Decompress(*stored, section.raw_size);
}

std::string_view PartFile::UncheckedSection(const SectionRecord& section) const {
  if (mended_->any.load(std::memory_order_acquire)) {
    base::MutexLock lock(mended_->mutex);
    const auto mended = mended_->sections.find(section.offset);
    if (mended != mended_->sections.end()) return mended->second;
  }
  return file_.bytes().substr(section.offset + kSectionHeaderSize, section.stored_size);
}

}  // namespace spandrel::columnar
