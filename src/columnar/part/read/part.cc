// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/read/part.h"

#include <algorithm>

#include "base/log.h"
#include "columnar/hash/content_hash.h"
#include "columnar/part/format/bloom_filter.h"
#include "columnar/part/read/row_reader.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

}  // namespace

Result<PartPtr> Part::Open(const std::string& path, uint64_t number,
                           base::Counter* unreadable_spans, std::shared_ptr<OpenParts> open_parts) {
  Result<PartFile> file = PartFile::Open(path, number);
  if (!file.ok()) return file.status();
  if (open_parts == nullptr) open_parts = std::make_shared<OpenParts>();
  return PartPtr(new Part(*std::move(file), unreadable_spans, std::move(open_parts)));
}

Part::Part(PartFile file, base::Counter* unreadable_spans, std::shared_ptr<OpenParts> open_parts)
    : file_(std::make_shared<const PartFile>(std::move(file))),
      unreadable_spans_(unreadable_spans),
      open_parts_(std::move(open_parts)),
      group_damaged_(footer().groups.size()),
      trace_filter_checked_(footer().groups.size()),
      value_filter_checked_(footer().groups.size()),
      groups_(footer().groups.size()) {
  if (!file_->is_rebuilt()) return;
  if (unreadable_spans_ != nullptr) unreadable_spans_->Add(file_->lost_spans());
  base::LogError("{}: both footers are damaged; {} spans in {} row groups were found without them",
                 path(), footer().row_count, footer().groups.size());
}

Result<std::shared_ptr<const Dictionary>> Part::LoadDictionary() const {
  base::MutexLock lock(mutex_);
  if (auto loaded = dictionary_.lock()) {
    open_parts_->Use(this, loaded, loaded->byte_size());
    return loaded;
  }
  Result<Dictionary> read = ReadDictionary();
  if (!read.ok()) {
    MarkDamaged();
    return read.status().Annotate(path());
  }
  auto loaded = std::make_shared<const Dictionary>(std::move(*read));
  dictionary_ = loaded;
  open_parts_->Use(this, loaded, loaded->byte_size());
  return loaded;
}

Result<RowGroupPtr> Part::Group(uint32_t index) const {
  const Status damaged(StatusCode::kDataLoss, path() + ": row group is damaged");
  if (IsGroupDamaged(index)) return damaged;
  RowGroupPtr open = FindOpenGroup(index);
  if (open == nullptr) {
    Result<RowGroupPtr> opened = OpenGroup(index);
    if (!opened.ok()) {
      if (!this->damaged()) NoteDamagedGroup(index, opened.status());
      return opened;
    }
    open = *std::move(opened);
    base::MutexLock lock(mutex_);
    groups_[index] = open;
  }
  open_parts_->Use(this, open, open->byte_size());
  return open;
}

RowGroupPtr Part::FindOpenGroup(uint32_t index) const {
  base::MutexLock lock(mutex_);
  return groups_[index].lock();
}

Result<RowGroupPtr> Part::OpenGroup(uint32_t index) const {
  auto dictionary = LoadDictionary();
  if (!dictionary.ok()) return dictionary.status();
  return RowGroup::Open(file_, index, *std::move(dictionary));
}

void Part::NoteDamagedGroup(uint32_t index, const Status& why) const {
  if (!MarkGroupDamaged(index)) return;
  const bool nothing_left = std::all_of(group_damaged_.begin(), group_damaged_.end(),
                                        [](const auto& damaged) { return damaged.load(); });
  if (nothing_left) damaged_.store(true, std::memory_order_relaxed);
  base::LogError("{}: row group {} with {} spans cannot be read: {}", path(), index,
                 footer().groups[index].row_count, why.message());
}

// False when it was known.
bool Part::MarkGroupDamaged(uint32_t index) const {
  has_damaged_group_.store(true, std::memory_order_relaxed);
  if (group_damaged_[index].exchange(true)) return false;
  if (unreadable_spans_ != nullptr) unreadable_spans_->Add(footer().groups[index].row_count);
  return true;
}

void Part::MarkDamaged() const {
  for (uint32_t i = 0; i < group_damaged_.size(); ++i) MarkGroupDamaged(i);
  damaged_.store(true, std::memory_order_relaxed);
}

bool Part::MayHave(const SectionRecord& filter, std::atomic<bool>& checked, uint64_t hash) const {
  if (!checked.load(std::memory_order_acquire)) {
    if (!file_->CheckedSection(filter).ok()) return true;
    checked.store(true, std::memory_order_release);
  }
  return FilterMayContain(file_->UncheckedSection(filter), hash);
}

bool Part::MayHaveTrace(uint32_t group, uint64_t trace_id_hash) const {
  return MayHave(footer().groups[group].trace_filter, trace_filter_checked_[group], trace_id_hash);
}

bool Part::MayHaveValue(uint32_t group, uint64_t value_hash) const {
  return MayHave(footer().groups[group].value_filter, value_filter_checked_[group], value_hash);
}

Result<std::string> Part::Latencies(uint32_t group) const {
  return file_->ReadSection(footer().groups[group].latencies);
}

void Part::MarkContained(const std::vector<span::SpanEntry>& spans,
                         const std::vector<uint64_t>& content_hashes,
                         std::vector<bool>* marks) const {
  for (uint32_t i = 0; i < footer().groups.size(); ++i) {
    if (IsGroupDamaged(i)) continue;
    const Status looked = MarkInGroup(i, spans, content_hashes, marks);
    if (!looked.ok() && !damaged()) NoteDamagedGroup(i, looked);
  }
}

Status Part::MarkInGroup(uint32_t index, const std::vector<span::SpanEntry>& spans,
                         const std::vector<uint64_t>& content_hashes,
                         std::vector<bool>* marks) const {
  const GroupRecord& facts = footer().groups[index];
  RowGroupPtr group;
  for (size_t i = 0; i < spans.size(); ++i) {
    const span::SpanEntry& span = spans[i];
    const bool in_time = facts.min_start <= span.start_time_unix_nano &&
                         span.start_time_unix_nano <= facts.max_start;
    if ((*marks)[i] || !in_time || !MayHaveTrace(index, TraceIdHash(span.trace_id))) continue;
    if (group == nullptr) {
      Result<RowGroupPtr> opened = Group(index);
      if (!opened.ok()) return opened.status();
      group = *std::move(opened);
    }
    const Result<bool> found = GroupContains(group, span, content_hashes[i]);
    if (!found.ok()) return found.status();
    if (*found) (*marks)[i] = true;
  }
  return {};
}

void Part::CheckSections() const {
  for (uint32_t i = 0; i < footer().groups.size() && !damaged(); ++i) {
    const Result<RowGroupPtr> group = Group(i);
    if (!group.ok()) continue;
    for (const SectionRecord& section : (*group)->sections()) {
      const auto checked = file_->CheckedSection(section);
      if (!checked.ok()) NoteDamagedGroup(i, checked.status());
    }
  }
}

void Part::ReleasePages() const {
  open_parts_->Forget(this);
  file_->ReleasePages();
}

Result<Dictionary> Part::ReadDictionary() const {
  const Result<std::string> bytes = file_->ReadSection(footer().dictionary);
  if (!bytes.ok()) return bytes.status();
  return ParseDictionary(*bytes);
}

}  // namespace spandrel::columnar
