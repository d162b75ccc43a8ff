// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/part/read/row_group.h"
#include "span/span_batch.h"

namespace spandrel::columnar {

// Reads spans out of a row group: entries of a run of rows, and the messages of some of them.
// Errors are DATA_LOSS of the row group. One thread; lives no longer than the part.
class RowReader {
 public:
  explicit RowReader(RowGroupPtr group) : group_(std::move(group)) {}

  const RowGroup& group() const { return *group_; }

  // Decodes the rows [first, first + count), at least one; what was loaded before is gone.
  base::Status Load(uint32_t first, uint32_t count);
  uint32_t first() const { return first_; }
  uint32_t count() const { return static_cast<uint32_t>(template_of_.size()); }

  // Of loaded rows, by the row's number in the row group.
  uint32_t TemplateOf(uint32_t row) const { return template_of_[row - first_]; }
  uint64_t StartOf(uint32_t row) const { return starts_[row - first_]; }
  // The entry; its name is a range in the dictionary's buffer, it has no message.
  span::SpanEntry EntryOf(uint32_t row) const;

  // From now on messages are put together of the fields that some columns have, by number: 1 when
  // it counts. Other columns are not read. Whole messages are left as they are.
  void KeepOnly(std::vector<uint8_t> columns) { kept_ = std::move(columns); }

  // Calls `base::Status visit(uint32_t row, std::string_view message)` for each of `rows`, which
  // are loaded and ascend, until one fails. The view lives during the call.
  template <typename Visitor>
  base::Status VisitMessages(std::span<const uint32_t> rows, Visitor&& visit) {
    for (const uint32_t row : rows) {
      SPANDREL_RETURN_IF_ERROR(Assemble(row));
      SPANDREL_RETURN_IF_ERROR(visit(row, std::string_view(message_)));
    }
    return {};
  }

 private:
  base::Status LoadParents(const std::vector<uint32_t>& first_rows);
  // How many foreign parents the rows before the first one have.
  base::Result<uint64_t> ForeignBefore(const columns::PackedInts& parents) const;
  base::Status Assemble(uint32_t row);
  base::Status GoTo(uint32_t row);
  base::Status OpenColumn(uint32_t column);
  base::Status ReadCell(uint32_t column, MessageField* field);

  const RowGroupPtr group_;
  uint32_t first_ = 0;
  const span::SpanId* span_ids_ = nullptr;
  std::vector<uint32_t> template_of_;
  std::vector<uint64_t> starts_;
  std::vector<uint64_t> durations_;
  std::vector<span::SpanId> parents_;
  std::vector<uint32_t> trace_of_;
  std::optional<std::vector<uint16_t>> weights_;  // of the row group; read by the first Load
  const span::TraceId* trace_ids_ = nullptr;

  // Where the cells of `at_row_` lie in each column; set once messages are read.
  std::optional<uint32_t> at_row_;
  std::vector<uint32_t> cells_before_;
  columns::PackedInts all_templates_;
  struct OpenedColumn {
    std::optional<columns::TextReader> texts;
    std::optional<NumberColumn> numbers;
    uint32_t size = 0;
  };
  std::vector<OpenedColumn> columns_;
  std::optional<std::vector<uint8_t>> kept_;  // columns; nothing: the whole message
  std::vector<uint32_t> passed_;              // templates of the rows that GoTo passes
  std::string message_;
};

// True when the row group has the very same span. DATA_LOSS when it cannot be read.
base::Result<bool> GroupContains(const RowGroupPtr& group, const span::SpanEntry& entry,
                                 uint64_t content_hash);

}  // namespace spandrel::columnar
