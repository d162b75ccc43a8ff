// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/read/part.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>

#include "base/fixed.h"
#include "base/log.h"
#include "columnar/hash/content_hash.h"
#include "columnar/part/format/bloom_filter.h"
#include "columnar/part/read/row_reader.h"
#include "columns/zstd_block.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kKeptDictionaryBytes = 1 << 20;
// Row groups that stay open while a part is being asked.
constexpr size_t kKeptGroups = 64;

Result<std::string> Decompress(std::string_view stored, uint32_t raw_size) {
  const Status damaged(StatusCode::kDataLoss, "compressed bytes cannot be read");
  // Damaged sizes ask for no memory that the bytes do not account for.
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != raw_size) return damaged;
  std::string raw(raw_size, '\0');
  if (!columns::ReadZstdBlock(stored, raw.data(), raw.size())) return damaged;
  return raw;
}

}  // namespace

Result<PartPtr> Part::Open(const std::string& path, uint64_t number) {
  Result<disk::MappedFile> file = disk::MappedFile::Open(path);
  if (!file.ok()) return file.status();
  Result<PartFooter> footer = ParsePartFooter(file->bytes());
  if (!footer.ok()) return footer.status().Annotate(path);
  return PartPtr(new Part(path, number, std::move(*file), std::move(*footer)));
}

Part::Part(std::string path, uint64_t number, disk::MappedFile file, PartFooter footer)
    : path_(std::move(path)),
      number_(number),
      file_(std::move(file)),
      footer_(std::move(footer)),
      group_damaged_(footer_.groups.size()),
      trace_filter_checked_(footer_.groups.size()),
      value_filter_checked_(footer_.groups.size()),
      groups_(footer_.groups.size()) {}

Result<std::shared_ptr<const Dictionary>> Part::LoadDictionary() const {
  std::lock_guard lock(mutex_);
  if (auto loaded = dictionary_.lock()) return loaded;
  Result<Dictionary> read = ReadDictionary();
  if (!read.ok()) {
    damaged_.store(true, std::memory_order_relaxed);
    return read.status().Annotate(path_);
  }
  auto loaded = std::make_shared<const Dictionary>(std::move(*read));
  dictionary_ = loaded;
  if (loaded->byte_size() <= kKeptDictionaryBytes) kept_ = loaded;
  return loaded;
}

Result<RowGroupPtr> Part::Group(uint32_t index) const {
  const Status damaged(StatusCode::kDataLoss, path_ + ": row group is damaged");
  if (IsGroupDamaged(index)) return damaged;
  {
    std::lock_guard lock(mutex_);
    if (RowGroupPtr open = groups_[index].lock()) return open;
  }
  Result<RowGroupPtr> opened = RowGroup::Open(*this, index);
  if (!opened.ok()) {
    if (!this->damaged()) NoteDamagedGroup(index, opened.status());
    return opened;
  }
  std::lock_guard lock(mutex_);
  groups_[index] = *opened;
  kept_groups_.push_back(*opened);
  if (kept_groups_.size() > kKeptGroups) kept_groups_.erase(kept_groups_.begin());
  return opened;
}

void Part::NoteDamagedGroup(uint32_t index, const Status& why) const {
  has_damaged_group_.store(true, std::memory_order_relaxed);
  if (group_damaged_[index].exchange(true)) return;
  const bool nothing_left = std::all_of(group_damaged_.begin(), group_damaged_.end(),
                                        [](const auto& damaged) { return damaged.load(); });
  if (nothing_left) damaged_.store(true, std::memory_order_relaxed);
  base::LogError("{}: row group {} with {} spans cannot be read: {}", path_, index,
                 footer_.groups[index].row_count, why.message());
}

bool Part::MayHave(const SectionRecord& filter, std::atomic<bool>& checked, uint64_t hash) const {
  if (!checked.load(std::memory_order_acquire)) {
    if (!CheckedSection(filter).ok()) return true;
    checked.store(true, std::memory_order_release);
  }
  return FilterMayContain(UncheckedSection(filter), hash);
}

bool Part::MayHaveTrace(uint32_t group, uint64_t trace_id_hash) const {
  return MayHave(footer_.groups[group].trace_filter, trace_filter_checked_[group], trace_id_hash);
}

bool Part::MayHaveValue(uint32_t group, uint64_t value_hash) const {
  return MayHave(footer_.groups[group].value_filter, value_filter_checked_[group], value_hash);
}

Result<std::string> Part::Latencies(uint32_t group) const {
  return ReadSection(footer_.groups[group].latencies);
}

bool Part::Contains(const span::SpanEntry& entry, uint64_t content_hash) const {
  const uint64_t hash = TraceIdHash(entry.trace_id);
  for (uint32_t i = 0; i < footer_.groups.size(); ++i) {
    const GroupRecord& facts = footer_.groups[i];
    const bool in_time = facts.min_start <= entry.start_time_unix_nano &&
                         entry.start_time_unix_nano <= facts.max_start;
    if (!in_time || IsGroupDamaged(i) || !MayHaveTrace(i, hash)) continue;
    const Result<RowGroupPtr> group = Group(i);
    if (!group.ok()) continue;
    const Result<bool> found = GroupContains(*group, entry, content_hash);
    if (!found.ok()) NoteDamagedGroup(i, found.status());
    if (found.ok() && *found) return true;
  }
  return false;
}

Result<std::string_view> Part::CheckedSection(const SectionRecord& section) const {
  const std::string_view file = file_.bytes();
  const bool fits =
      section.offset <= file.size() &&
      kSectionHeaderSize + uint64_t{section.stored_size} <= file.size() - section.offset;
  if (fits) {
    const std::string_view stored = UncheckedSection(section);
    base::FixedReader header(file.substr(section.offset, kSectionHeaderSize));
    if (header.Take<uint32_t>() == SectionCrc(footer_.file_id, section, stored)) return stored;
  }
  return Status(StatusCode::kDataLoss,
                fmt::format("part {}: checksum mismatch at {}", number_, section.offset));
}

Result<std::string> Part::ReadSection(const SectionRecord& section) const {
  const Result<std::string_view> stored = CheckedSection(section);
  if (!stored.ok()) return stored.status();
  if (section.raw_size == section.stored_size) return std::string(*stored);
  return Decompress(*stored, section.raw_size);
}

std::string_view Part::UncheckedSection(const SectionRecord& section) const {
  return file_.bytes().substr(section.offset + kSectionHeaderSize, section.stored_size);
}

void Part::ReleasePages() const {
  {
    std::lock_guard lock(mutex_);
    kept_groups_.clear();
  }
  file_.ReleasePages();
}

Result<Dictionary> Part::ReadDictionary() const {
  const Result<std::string> bytes = ReadSection(footer_.dictionary);
  if (!bytes.ok()) return bytes.status();
  return ParseDictionary(*bytes);
}

}  // namespace spandrel::columnar
