// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/status.h"
#include "columnar/part/format/dictionary.h"
#include "columnar/part/format/part_footer.h"
#include "columnar/part/read/open_parts.h"
#include "columnar/part/read/part_file.h"
#include "columnar/part/read/row_group.h"
#include "span/span_view.h"

namespace spandrel::columnar {

// A sealed, immutable file of spans. Opening reads the footer only; everything else is checked when
// it is asked for the first time. Damage of the dictionary is damage of the part; any other damage
// is that of one row group. Any thread.
class Part {
 public:
  // DATA_LOSS when the file is damaged. `unreadable_spans` counts the spans of what turns out to be
  // damaged later, once each; it outlives the part, null: they are not counted. What is read stays
  // open as long as `open_parts` keeps it; null: as if the part were alone.
  static base::Result<std::shared_ptr<const Part>> Open(
      const std::string& path, uint64_t number, base::Counter* unreadable_spans = nullptr,
      std::shared_ptr<OpenParts> open_parts = nullptr);
  ~Part() { open_parts_->Forget(this); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  uint64_t number() const { return file_->number(); }
  const std::string& path() const { return file_->path(); }
  const PartFooter& footer() const { return file_->footer(); }
  uint64_t file_size() const { return file_->size(); }
  // Size of the dictionary in memory, about.
  uint64_t dictionary_size() const { return footer().dictionary.raw_size; }

  // DATA_LOSS makes the part damaged() for good.
  base::Result<std::shared_ptr<const Dictionary>> LoadDictionary() const;
  bool damaged() const { return damaged_.load(std::memory_order_relaxed) || read_failed(); }
  // True once the disk failed below the map: what was read since then may be zeros, so whoever used
  // columns asks afterwards, and throws the outcome away.
  bool read_failed() const { return file_->read_failed(); }

  // A row group. DATA_LOSS makes that row group damaged for good.
  base::Result<RowGroupPtr> Group(uint32_t index) const;
  bool IsGroupDamaged(uint32_t index) const {
    return group_damaged_[index].load(std::memory_order_relaxed);
  }
  bool has_damaged_group() const { return has_damaged_group_.load(std::memory_order_relaxed); }
  // Says that reading a row group failed, and why. The first time it is counted and logged.
  void NoteDamagedGroup(uint32_t index, const base::Status& why) const;

  // False when the filters say that a row group has no such trace, or no such attribute
  // (value_filter.h). A filter that is damaged says true.
  bool MayHaveTrace(uint32_t group, uint64_t trace_id_hash) const;
  bool MayHaveValue(uint32_t group, uint64_t value_hash) const;
  // The latency table of a row group (latency_table.h).
  base::Result<std::string> Latencies(uint32_t group) const;

  // Marks those of `spans` that are here, the very same; a row group is opened once at most.
  void MarkContained(const std::vector<span::SpanEntry>& spans,
                     const std::vector<uint64_t>& content_hashes, std::vector<bool>* marks) const;

  const PartFile& file() const { return *file_; }

  // Reads and checks every section; what is damaged and cannot be mended is noted.
  void CheckSections() const;

  // Gives the pages that were read back to the kernel, which keeps them as cache, and closes row
  // groups that nobody uses. They come back when they are touched.
  void ReleasePages() const;

 private:
  Part(PartFile file, base::Counter* unreadable_spans, std::shared_ptr<OpenParts> open_parts);

  base::Result<Dictionary> ReadDictionary() const;
  base::Result<RowGroupPtr> OpenGroup(uint32_t index) const;
  RowGroupPtr FindOpenGroup(uint32_t index) const;
  base::Status MarkInGroup(uint32_t index, const std::vector<span::SpanEntry>& spans,
                           const std::vector<uint64_t>& content_hashes,
                           std::vector<bool>* marks) const;
  bool MarkGroupDamaged(uint32_t index) const;
  void MarkDamaged() const;
  bool MayHave(const SectionRecord& filter, std::atomic<bool>& checked, uint64_t hash) const;

  const std::shared_ptr<const PartFile> file_;  // shared with open row groups
  base::Counter* const unreadable_spans_;
  const std::shared_ptr<OpenParts> open_parts_;
  mutable std::atomic<bool> damaged_{false};
  mutable std::atomic<bool> has_damaged_group_{false};
  mutable std::vector<std::atomic<bool>> group_damaged_;
  mutable std::vector<std::atomic<bool>> trace_filter_checked_;
  mutable std::vector<std::atomic<bool>> value_filter_checked_;

  mutable base::Mutex mutex_;
  mutable std::weak_ptr<const Dictionary> dictionary_ SPANDREL_GUARDED_BY(mutex_);
  mutable std::vector<std::weak_ptr<const RowGroup>> groups_ SPANDREL_GUARDED_BY(mutex_);
};

using PartPtr = std::shared_ptr<const Part>;

}  // namespace spandrel::columnar
