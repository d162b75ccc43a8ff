// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/read/part_file.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <utility>

#include "base/fixed.h"
#include "base/mutex.h"
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

}  // namespace

// What was mended, and stays readable as long as the file.
struct PartFile::Mended {
  std::atomic<bool> any{false};
  base::Mutex mutex;
  std::map<uint64_t, std::string> sections SPANDREL_GUARDED_BY(mutex);  // stored bytes, by offset
  std::map<uint64_t, std::string> pages SPANDREL_GUARDED_BY(mutex);     // by offset
};

Result<PartFile> PartFile::Open(const std::string& path, uint64_t number) {
  Result<disk::MappedFile> file = disk::MappedFile::Open(path);
  if (!file.ok()) return file.status();
  Result<FoundFooter> found = FindPartFooter(file->bytes());
  if (!found.ok()) return found.status().Annotate(path);
  PartFile opened(path, number, *std::move(file), *std::move(found));
  opened.MendLastFooter();
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
  if (footer().version == kPartVersionWithoutGuard) return std::nullopt;
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
  std::optional<std::string> mended = guard.Mend(page);
  if (!mended) return mended;
  base::MutexLock lock(mended_->mutex);
  mended_->pages.try_emplace(page * kGuardPageBytes, *mended);
  return mended;
}

bool PartFile::CheckGuard() const {
  const std::optional<PartGuard> guard = Guard();
  if (!guard) return footer().version == kPartVersionWithoutGuard;
  const bool is_damaged = CheckPages(0, guard->page_count()).is_damaged;
  if (is_damaged || !mended_pages().empty()) return !is_damaged;
  for (size_t stripe = 0; stripe < guard->stripe_count(); ++stripe) {
    if (!guard->IsStripeIntact(stripe)) return false;
  }
  return true;
}

// Where the other copy should end the file, that is.
void PartFile::MendLastFooter() const {
  const std::optional<PartGuard> guard = Guard();
  const std::string_view file = file_.bytes();
  const uint64_t size = found_.end - found_.begin;
  if (!guard || found_.end == file.size() || guard->end() + size != file.size()) return;
  base::MutexLock lock(mended_->mutex);
  mended_->pages.try_emplace(guard->end(), file.substr(found_.begin, size));
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
