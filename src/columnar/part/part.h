// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "columnar/disk/file.h"
#include "columnar/part/dictionary.h"
#include "columnar/part/part_footer.h"
#include "columnar/part/part_writer.h"
#include "span/span_view.h"

namespace spandrel::columnar {

// The columns of a part, mapped. Valid as long as the part.
struct PartColumns {
  std::span<const BlockRecord> blocks;
  std::span<const ZoneRecord> zones;
  std::span<const TraceRecord> traces;
  std::span<const uint32_t> trace_order;
  std::string_view trace_filter;
  std::span<const uint64_t> start;
  std::span<const uint64_t> end;
  std::span<const span::SpanId> span_id;
  std::span<const span::SpanId> parent_id;
  std::span<const uint64_t> content_hash;
  std::span<const uint32_t> name;
  std::span<const uint32_t> scope;
  std::span<const uint32_t> block;
  std::span<const uint32_t> offset;
  std::span<const uint32_t> size;
  std::span<const uint8_t> kind;
  std::span<const uint8_t> status;
};

// A sealed, immutable file of spans. Opening reads the footer only; the columns are checked when
// they are asked for the first time, payload blocks each time they are read. Any thread.
class Part {
 public:
  // DATA_LOSS when the file is damaged.
  static base::Result<std::shared_ptr<const Part>> Open(const std::string& path, uint64_t number);

  uint64_t number() const { return number_; }
  const std::string& path() const { return path_; }
  const PartFooter& footer() const { return footer_; }
  uint64_t file_size() const { return file_.bytes().size(); }
  // Size of the dictionary in memory, about.
  uint64_t dictionary_size() const;

  // The checked columns. DATA_LOSS makes the part damaged() for good.
  base::Result<const PartColumns*> Columns() const;
  base::Result<std::shared_ptr<const Dictionary>> LoadDictionary() const;
  bool damaged() const { return damaged_.load(std::memory_order_relaxed) || read_failed(); }
  // True once the disk failed below the map: what was read since then may be zeros, so whoever used
  // columns asks afterwards, and throws the outcome away.
  bool read_failed() const { return file_.failed(); }
  // True once a payload block turned out to be damaged; the other blocks are still good.
  bool has_damaged_block() const { return damaged_block_.load(std::memory_order_relaxed); }

  // The position of a trace in columns.traces.
  static std::optional<uint32_t> FindTrace(const PartColumns& columns, const span::TraceId& id);
  // True when the very same span is here.
  static bool Contains(const PartColumns& columns, const span::SpanEntry& entry,
                       uint64_t content_hash);

  // A payload block as it is stored, checked, and decompressed.
  base::Result<std::string_view> StoredBlock(const BlockRecord& block) const;
  base::Result<std::string> ReadBlock(const BlockRecord& block) const;

  // Gives the pages that were read back to the kernel, which keeps them as cache. They come back
  // when they are touched.
  void ReleasePages() const { file_.ReleasePages(); }

  // Everything of a row but its trace.
  static PartRow RowAt(const PartColumns& columns, uint32_t row);

 private:
  Part(std::string path, uint64_t number, MappedFile file, PartFooter footer);

  base::Result<std::string_view> CheckedFrame(FrameKind kind, uint64_t offset, uint32_t stored_size,
                                              uint32_t raw_size) const;
  base::Status CheckColumns() const;
  template <typename T>
  base::Status Bind(FrameKind kind, std::span<const T>* column) const;
  base::Result<Dictionary> ReadDictionary() const;
  const SectionRecord& Section(FrameKind kind) const;
  base::Status Damaged(const std::string& what) const;

  const std::string path_;
  const uint64_t number_;
  const MappedFile file_;
  const PartFooter footer_;
  mutable std::atomic<bool> damaged_{false};
  mutable std::atomic<bool> damaged_block_{false};

  mutable std::mutex mutex_;
  mutable bool checked_ = false;                        // guarded by mutex_
  mutable PartColumns columns_;                         // written once, under mutex_
  mutable std::weak_ptr<const Dictionary> dictionary_;  // guarded by mutex_
  mutable std::shared_ptr<const Dictionary> kept_;  // guarded by mutex_; a small dictionary stays
};

using PartPtr = std::shared_ptr<const Part>;

}  // namespace spandrel::columnar
