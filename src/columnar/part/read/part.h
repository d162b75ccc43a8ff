// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/part/format/dictionary.h"
#include "columnar/part/format/part_footer.h"
#include "columnar/part/read/row_group.h"
#include "disk/file.h"
#include "span/span_view.h"

namespace spandrel::columnar {

// A sealed, immutable file of spans. Opening reads the footer only; everything else is checked when
// it is asked for the first time. Damage of the dictionary is damage of the part; any other damage
// is that of one row group. Any thread.
class Part {
 public:
  // DATA_LOSS when the file is damaged.
  static base::Result<std::shared_ptr<const Part>> Open(const std::string& path, uint64_t number);

  uint64_t number() const { return number_; }
  const std::string& path() const { return path_; }
  const PartFooter& footer() const { return footer_; }
  uint64_t file_size() const { return file_.bytes().size(); }
  // Size of the dictionary in memory, about.
  uint64_t dictionary_size() const { return footer_.dictionary.raw_size; }

  // DATA_LOSS makes the part damaged() for good.
  base::Result<std::shared_ptr<const Dictionary>> LoadDictionary() const;
  bool damaged() const { return damaged_.load(std::memory_order_relaxed) || read_failed(); }
  // True once the disk failed below the map: what was read since then may be zeros, so whoever used
  // columns asks afterwards, and throws the outcome away.
  bool read_failed() const { return file_.failed(); }

  // A row group; the ones used last stay open. DATA_LOSS makes that row group damaged for good.
  base::Result<RowGroupPtr> Group(uint32_t index) const;
  bool IsGroupDamaged(uint32_t index) const {
    return group_damaged_[index].load(std::memory_order_relaxed);
  }
  bool has_damaged_group() const { return has_damaged_group_.load(std::memory_order_relaxed); }
  // Says that reading a row group failed, and why.
  void NoteDamagedGroup(uint32_t index, const base::Status& why) const;

  // False when the filters say that a row group has no such trace, or no such attribute
  // (value_filter.h). A filter that is damaged says true.
  bool MayHaveTrace(uint32_t group, uint64_t trace_id_hash) const;
  bool MayHaveValue(uint32_t group, uint64_t value_hash) const;
  // The latency table of a row group (latency_table.h).
  base::Result<std::string> Latencies(uint32_t group) const;

  // True when the very same span is here.
  bool Contains(const span::SpanEntry& entry, uint64_t content_hash) const;

  // The bytes of a section as they are stored; its place and checksum are right.
  base::Result<std::string_view> CheckedSection(const SectionRecord& section) const;
  // The same, decompressed where it is compressed.
  base::Result<std::string> ReadSection(const SectionRecord& section) const;
  // The bytes of a section that was checked before.
  std::string_view UncheckedSection(const SectionRecord& section) const;

  // Gives the pages that were read back to the kernel, which keeps them as cache, and closes row
  // groups that nobody uses. They come back when they are touched.
  void ReleasePages() const;

 private:
  Part(std::string path, uint64_t number, disk::MappedFile file, PartFooter footer);

  base::Result<Dictionary> ReadDictionary() const;
  bool MayHave(const SectionRecord& filter, std::atomic<bool>& checked, uint64_t hash) const;

  const std::string path_;
  const uint64_t number_;
  const disk::MappedFile file_;
  const PartFooter footer_;
  mutable std::atomic<bool> damaged_{false};
  mutable std::atomic<bool> has_damaged_group_{false};
  mutable std::vector<std::atomic<bool>> group_damaged_;
  mutable std::vector<std::atomic<bool>> trace_filter_checked_;
  mutable std::vector<std::atomic<bool>> value_filter_checked_;

  mutable std::mutex mutex_;
  mutable std::weak_ptr<const Dictionary> dictionary_;  // guarded by mutex_
  mutable std::shared_ptr<const Dictionary> kept_;  // guarded by mutex_; a small dictionary stays
  mutable std::vector<std::weak_ptr<const RowGroup>> groups_;  // guarded by mutex_
  mutable std::vector<RowGroupPtr> kept_groups_;               // guarded by mutex_; newest last
};

using PartPtr = std::shared_ptr<const Part>;

}  // namespace spandrel::columnar
