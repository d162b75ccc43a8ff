// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/hash/hash_index.h"
#include "columnar/part/format/dictionary.h"
#include "columnar/part/format/message_fields.h"
#include "columnar/part/write/layout_trie.h"
#include "columnar/part/write/message_example.h"
#include "columnar/part/write/text_interner.h"
#include "span/ids.h"

namespace spandrel::columnar {

// A span as the columns of a row group have it, but for its cells.
struct RowRecord {
  span::SpanId span_id;
  span::SpanId parent_id;
  uint64_t start = 0;
  uint64_t end = 0;
  uint32_t template_id = 0;  // template
  size_t first_cell = 0;     // where its cells begin; set when the row is added
};

// A trace of a row group: its rows lie together.
struct TraceRows {
  span::TraceId id;
  uint32_t first_row = 0;
  uint32_t row_count = 0;
  uint16_t weight = 1;  // how many traces it stands for
};

// One bit for each cell of a row; the last one is for that cell and all behind it.
using CellBits = uint64_t;
inline constexpr size_t kLastCellBit = 63;

// A template that is being collected. All that is in it is the same for all its rows; `varies` says
// of each cell whether that is not so for the cell.
struct OpenTemplate {
  uint32_t layout = 0;
  uint32_t scope = 0;
  uint32_t name = 0;
  span::SpanKind kind = span::SpanKind::kUnspecified;
  span::SpanStatus status = span::SpanStatus::kUnset;
  uint32_t row_count = 0;
  uint32_t cell_count = 0;
  size_t first_cells = 0;  // of the first row
  CellBits varies = 0;
  CellBits like_example = 0;  // cells of the first row that are those of the example

  bool Varies(size_t cell) const { return (varies >> std::min(cell, kLastCellBit) & 1) != 0; }
};

// Collects the rows of one row group: spans are taken apart into the cells of columns. Rows lie in
// the order of traces by id, rows of a trace by start time and span id. They come in this order,
// each trace after its BeginTrace, or with their places after BeginTraces. One thread.
class RowGroupBuilder {
 public:
  // Scopes and names are ids of `dictionary`.
  explicit RowGroupBuilder(DictionaryBuilder& dictionary);

  void BeginTrace(const span::TraceId& id, uint16_t weight = 1);
  // All traces at once, with the rows that they will have.
  void BeginTraces(std::vector<TraceRows> traces);
  // Puts the rows of each trace in order.
  void SortTraces();

  // What a span will be compared with when it is added, as far as that is known before.
  struct Expectation {
    uint32_t example = LayoutTrie::kNone;
    uint32_t scope = 0;
  };
  // Both ask the memory for what AddSpanAt() will read and write. Prefetch() looks where Expect()
  // asked, so it is to come some spans later, and the span itself some after that.
  Expectation Expect(const span::SpanEntry& entry, std::string_view name, uint32_t scope) const;
  void Prefetch(const Expectation& expected, uint32_t place) const;

  // A span with its message, of the trace that was begun last.
  void AddSpan(const span::SpanEntry& entry, std::string_view message, std::string_view name,
               uint32_t scope);
  // The same for row `place` of a trace of BeginTraces; each row is given once.
  void AddSpanAt(uint32_t place, const span::SpanEntry& entry, std::string_view message,
                 std::string_view name, uint32_t scope);

  uint32_t row_count() const { return static_cast<uint32_t>(rows_.size()); }
  // Bytes of the messages that were given, or are said to have been given as cells.
  uint64_t message_bytes() const { return message_bytes_; }
  void AddMessageBytes(uint64_t bytes) { message_bytes_ += bytes; }
  void Clear();

  // For the encoder.
  const std::vector<TraceRows>& traces() const { return traces_; }
  const std::vector<RowRecord>& rows() const { return rows_; }
  const std::vector<uint64_t>& cells() const { return cells_; }
  const std::vector<OpenTemplate>& templates() const { return templates_; }
  const LayoutTrie& layouts() const { return layouts_; }
  const TextInterner& TextOf(uint32_t column) const { return texts_[column]; }
  const DictionaryBuilder& dictionary() const { return dictionary_; }

  // For merging: rows that are cells already. A layout is given by fields without values; it has
  // the columns columns_of_layout(). kNone when there is no room for it.
  uint32_t AddLayout(const std::vector<MessageField>& fields) { return LayoutOf(fields); }
  const std::vector<uint32_t>& columns_of_layout() const { return columns_; }
  uint32_t AddTemplate(const OpenTemplate& wanted);
  uint64_t AddText(uint32_t column, std::string_view text) { return texts_[column].Add(text); }
  // To the trace that was begun last.
  void AddRow(RowRecord row, const uint64_t* cells);

 private:
  struct ExampleCell {
    uint64_t value = 0;
    uint32_t column = 0;
    CellType type = CellType::kNone;
  };

  // The first message with its layout, name, kind and status, in whatever scope.
  struct Example {
    MessageExample message;
    OpenTemplate traits;  // of these the layout, name, kind and status
    std::vector<ExampleCell> cells;
  };

  // The template that an example had in a scope.
  struct TemplateHint {
    uint32_t example = LayoutTrie::kNone;
    uint32_t scope = 0;
    uint32_t template_id = 0;
  };

  uint32_t LayoutOf(const std::vector<MessageField>& fields);
  // Both fill row_cells_ and row_like_example_, and return the template. The first does it for a
  // span that is like one of the examples; kNone when it is not like the one that was tried.
  uint32_t TakeLikeExample(uint32_t example, const span::SpanEntry& entry, std::string_view message,
                           uint32_t scope);
  uint32_t TakeNewSpan(const span::SpanEntry& entry, std::string_view message,
                       std::string_view name, uint32_t scope, uint32_t* example);
  CellBits CellsLikeExample(uint32_t example) const;
  // The example for what is in fields_; kNone when there is no room for another one.
  uint32_t AddExample(const OpenTemplate& traits, std::string_view message);
  uint32_t TemplateOf(uint32_t example, uint32_t scope);
  void FillCells(const OpenTemplate& made);
  void TakeSpan(const span::SpanEntry& entry, std::string_view message, std::string_view name,
                uint32_t scope, RowRecord* row);
  void Append(const RowRecord& row);
  // Where the cells of a row begin, which are added. `like_example` are those that are known to be
  // the cells of the template's example.
  size_t AddCells(uint32_t template_id, const uint64_t* cells, CellBits like_example);
  void NoteDifferences(const uint64_t* cells, CellBits like_example, OpenTemplate* made) const;
  bool IsSame(const OpenTemplate& a, const OpenTemplate& b) const;

  DictionaryBuilder& dictionary_;
  LayoutTrie layouts_;
  std::vector<TextInterner> texts_;  // by column; unused where the column is of numbers
  std::vector<OpenTemplate> templates_;
  HashIndex template_index_;
  std::vector<Example> examples_;
  HashIndex example_index_;
  std::vector<uint32_t> example_hints_;  // the example that was of use to spans of a hash
  std::vector<TemplateHint> template_hints_;
  std::vector<TraceRows> traces_;
  std::vector<RowRecord> rows_;
  std::vector<uint64_t> cells_;  // of all rows, one row after the other as they came

  uint64_t message_bytes_ = 0;

  std::vector<MessageField> fields_;  // of the span being added
  std::vector<uint32_t> columns_;     // of the layout that was asked for last
  std::vector<MatchedCell> matched_;
  std::vector<uint64_t> row_cells_;
  CellBits row_like_example_ = 0;
};

}  // namespace spandrel::columnar
