// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "columnar/part/format/dictionary.h"
#include "columnar/part/format/number_column.h"
#include "columnar/part/format/part_footer.h"
#include "columnar/part/format/template_table.h"
#include "columnar/part/read/part_file.h"
#include "columns/packed_ints.h"
#include "columns/text_column.h"

namespace spandrel::columnar {

// A row group that is open: its templates are in memory, its columns are checked when they are
// first asked for and read where they lie. Whatever fails is DATA_LOSS of this row group. Any
// thread.
class RowGroup {
 public:
  // `dictionary` is that of the part.
  static base::Result<std::shared_ptr<const RowGroup>> Open(
      std::shared_ptr<const PartFile> file, uint32_t index,
      std::shared_ptr<const Dictionary> dictionary);
  // Gives back the pages that were read.
  ~RowGroup();
  RowGroup(const RowGroup&) = delete;
  RowGroup& operator=(const RowGroup&) = delete;

  // What it takes in memory, about, the pages of its columns included.
  size_t byte_size() const { return byte_size_; }

  const GroupRecord& facts() const { return facts_; }
  uint32_t row_count() const { return facts_.row_count; }
  uint32_t trace_count() const { return facts_.trace_count; }
  const Dictionary& dictionary() const { return *dictionary_; }
  const std::shared_ptr<const Dictionary>& shared_dictionary() const { return dictionary_; }
  const TemplateTable& table() const { return table_; }
  // The columns in which the rows of a template have cells, in the order of the layout.
  std::span<const uint32_t> StoredColumns(uint32_t of_template) const {
    return std::span(stored_columns_)
        .subspan(first_stored_[of_template],
                 first_stored_[of_template + 1] - first_stored_[of_template]);
  }

  // All sections, by kind.
  const std::vector<SectionRecord>& sections() const { return sections_; }

  // A column of numbers that every row group has, with one number for each row or trace.
  base::Result<columns::PackedInts> Packed(SectionKind kind) const;
  // How many traces each trace stands for; empty when that is one for all.
  base::Result<std::vector<uint16_t>> Weights() const;
  // Ids: 16 bytes a trace, 8 bytes a row.
  base::Result<const span::TraceId*> TraceIds() const;
  base::Result<const span::SpanId*> SpanIds() const;
  base::Result<std::string_view> ForeignParents() const;
  // Where each trace's rows begin, and behind the last one the number of rows.
  base::Result<const std::vector<uint32_t>*> FirstRows() const;
  // How many cells of each column come before a zone, and behind them the foreign parents.
  base::Result<std::vector<uint32_t>> CellsBefore(uint32_t zone) const;
  uint32_t column_count() const { return static_cast<uint32_t>(table_.columns.size()); }

  base::Result<columns::TextColumn> Texts(uint32_t column) const;
  base::Result<NumberColumn> Numbers(uint32_t column) const;

  // The position of a trace among the row group's traces.
  base::Result<std::optional<uint32_t>> FindTrace(const span::TraceId& id) const;

 private:
  RowGroup(std::shared_ptr<const PartFile> file, uint32_t index,
           std::shared_ptr<const Dictionary> dictionary);

  base::Status Load();
  void ListStoredColumns();
  void Measure();
  base::Status ParseDirectory(std::string_view bytes);
  bool Has(SectionKind kind) const;
  base::Result<columns::PackedInts> ParsePacked(SectionKind kind) const;
  base::Result<std::string_view> Bytes(SectionKind kind) const;
  base::Result<std::string_view> BytesOfSize(SectionKind kind, uint64_t size) const;

  const std::shared_ptr<const PartFile> file_;
  GroupRecord facts_;
  const std::shared_ptr<const Dictionary> dictionary_;
  std::vector<SectionRecord> sections_;  // by kind
  mutable std::vector<std::atomic<bool>> checked_;
  std::string template_bytes_;
  TemplateTable table_;
  std::vector<uint32_t> first_stored_;  // of a template, in stored_columns_
  std::vector<uint32_t> stored_columns_;
  uint64_t first_offset_ = 0;  // of its sections in the file
  uint64_t end_offset_ = 0;
  size_t byte_size_ = 0;

  // Columns that were asked for, by kind: to look at all blocks of one takes longer than to read
  // a trace's rows of it.
  mutable base::Mutex packed_mutex_;
  mutable std::vector<std::optional<columns::PackedInts>> packed_
      SPANDREL_GUARDED_BY(packed_mutex_);

  mutable base::Mutex mutex_;
  // Made once, and not changed then.
  mutable std::vector<uint32_t> first_rows_ SPANDREL_GUARDED_BY(mutex_);
};

using RowGroupPtr = std::shared_ptr<const RowGroup>;

}  // namespace spandrel::columnar
