// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/write/row_group_encoder.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/fixed.h"
#include "base/prefetch.h"
#include "columnar/hash/content_hash.h"
#include "columnar/part/format/bloom_filter.h"
#include "columnar/part/format/latency_table.h"
#include "columnar/part/format/number_column.h"
#include "columnar/part/format/template_table.h"
#include "columnar/part/format/value_filter.h"
#include "columns/packed_ints.h"
#include "columns/text_column.h"

namespace spandrel::columnar {
namespace {

// A template with fewer rows than this keeps all its cells in the columns.
constexpr uint32_t kMinRowsForConstants = 8;
constexpr size_t kTraceFilterBits = 12;
// Rows whose cells are asked for before they are read.
constexpr size_t kAhead = 8;
constexpr int kFastLevel = 1;
constexpr int kSmallLevel = 3;

class Encoder {
 public:
  Encoder(const RowGroupBuilder& builder, Effort effort)
      : builder_(builder), level_(effort == Effort::kFast ? kFastLevel : kSmallLevel) {}

  EncodedRowGroup Run() {
    group_.row_count = builder_.row_count();
    group_.trace_count = static_cast<uint32_t>(builder_.traces().size());
    group_.message_bytes = builder_.message_bytes();
    OrderTemplates();
    MakeTemplates();
    GatherColumns();
    AddTraces();
    AddRows();
    AddColumns();
    AddValueFilter();
    AddLatencies();
    return std::move(group_);
  }

 private:
  void Add(SectionKind kind, std::string bytes) {
    const auto size = static_cast<uint32_t>(bytes.size());
    group_.sections.push_back({kind, std::move(bytes), size});
  }
  void AddCompressed(SectionKind kind, std::string_view bytes) {
    group_.sections.push_back(CompressedSection(kind, bytes, level_));
  }
  void AddPacked(SectionKind kind, std::span<const uint64_t> values) {
    std::string bytes;
    columns::EncodePackedInts(values, &bytes);
    Add(kind, std::move(bytes));
  }

  // Frequent templates first, so that most codes are small.
  void OrderTemplates() {
    const auto& open = builder_.templates();
    order_.resize(open.size());
    std::iota(order_.begin(), order_.end(), 0U);
    std::stable_sort(order_.begin(), order_.end(),
                     [&](uint32_t a, uint32_t b) { return open[a].row_count > open[b].row_count; });
    code_of_.resize(open.size());
    for (uint32_t code = 0; code < order_.size(); ++code) code_of_[order_[code]] = code;
  }

  uint32_t LayoutId(uint32_t node) {
    if (node >= layout_ids_.size()) layout_ids_.resize(node + 1, LayoutTrie::kNone);
    uint32_t& id = layout_ids_[node];
    if (id == LayoutTrie::kNone) {
      id = static_cast<uint32_t>(table_.layouts.size());
      table_.layouts.push_back(builder_.layouts().LayoutAt(node));
    }
    return id;
  }

  void MakeTemplates() {
    table_.columns = builder_.layouts().columns();
    for (uint32_t code = 0; code < order_.size(); ++code) {
      const OpenTemplate& open = builder_.templates()[order_[code]];
      Template made{LayoutId(open.layout), open.scope, open.name, open.kind, open.status, {}};
      first_stored_.push_back(stored_columns_.size());
      size_t cell = 0;
      for (const LayoutStep& step : table_.layouts[made.layout]) {
        if (step.column == kNoColumn) continue;
        const bool is_constant = open.row_count >= kMinRowsForConstants && !open.Varies(cell);
        const uint64_t value = builder_.cells()[open.first_cells + cell];
        made.cells.push_back(is_constant ? Constant(step.column, value) : ConstantCell());
        stored_columns_.push_back(is_constant ? kNoColumn : step.column);
        ++cell;
      }
      table_.templates.push_back(std::move(made));
    }
    first_stored_.push_back(stored_columns_.size());
    AddCompressed(SectionKind::kTemplates, EncodeTemplateTable(table_));
  }

  ConstantCell Constant(uint32_t column, uint64_t value) const {
    if (!IsText(table_.columns[column].type)) return {true, {}, value};
    return {true, builder_.TextOf(column).texts()[value], 0};
  }

  // The cells of each column in the order of rows, without the constant ones, and how many of each
  // column come before each zone.
  void GatherColumns() {
    columns_.resize(table_.columns.size());
    zone_starts_.assign(columns_.size() + 1, {});
    template_of_.reserve(builder_.row_count());
    const std::vector<RowRecord>& rows = builder_.rows();
    for (uint32_t row = 0; row < rows.size(); ++row) {
      if (row % kZoneRows == 0) NoteZone();
      if (row + kAhead < rows.size()) PrefetchCells(rows[row + kAhead]);
      const RowRecord& record = rows[row];
      const uint32_t code = code_of_[record.template_id];
      template_of_.push_back(code);
      const uint64_t* cell = builder_.cells().data() + record.first_cell;
      for (size_t i = first_stored_[code]; i < first_stored_[code + 1]; ++i, ++cell) {
        const uint32_t column = stored_columns_[i];
        if (column != kNoColumn) columns_[column].push_back(*cell);
      }
    }
  }
  // Cells lie as the rows came, not as they are ordered.
  void PrefetchCells(const RowRecord& record) const {
    constexpr size_t kCellsOfLine = 8;
    const uint32_t code = code_of_[record.template_id];
    const size_t count = first_stored_[code + 1] - first_stored_[code];
    const uint32_t* const columns = stored_columns_.data() + first_stored_[code];
    base::Prefetch(columns);
    base::Prefetch(columns + count);
    const uint64_t* const cells = builder_.cells().data() + record.first_cell;
    for (size_t i = 0; i < count; i += kCellsOfLine) base::Prefetch(cells + i);
    base::Prefetch(cells + count);
  }
  void NoteZone() {
    for (size_t i = 0; i < columns_.size(); ++i) zone_starts_[i].push_back(columns_[i].size());
  }

  void AddTraces() {
    std::string ids;
    std::vector<uint64_t> rows, starts, durations, errors, weights;
    bool any_weight = false;
    BloomFilterBuilder filter(builder_.traces().size(), kTraceFilterBits);
    for (const TraceRows& trace : builder_.traces()) {
      ids += trace.id.view();
      filter.Add(TraceIdHash(trace.id));
      uint64_t min_start = UINT64_MAX, max_end = 0, error_count = 0;
      for (uint32_t row = trace.first_row; row < trace.first_row + trace.row_count; ++row) {
        const RowRecord& record = builder_.rows()[row];
        min_start = std::min(min_start, record.start);
        max_end = std::max(max_end, record.end);
        error_count += IsError(row) ? 1 : 0;
      }
      rows.push_back(trace.row_count);
      starts.push_back(min_start);
      durations.push_back(max_end - min_start);
      errors.push_back(error_count);
      weights.push_back(trace.weight);
      any_weight |= trace.weight != 1;
    }
    Add(SectionKind::kTraceIds, std::move(ids));
    AddPacked(SectionKind::kTraceRows, rows);
    AddPacked(SectionKind::kTraceStarts, starts);
    AddPacked(SectionKind::kTraceDurations, durations);
    AddPacked(SectionKind::kTraceErrors, errors);
    if (any_weight) AddPacked(SectionKind::kTraceWeights, weights);
    Add(SectionKind::kTraceFilter, std::string(base::BytesOf(filter.words())));
    trace_starts_ = std::move(starts);
  }

  bool IsError(uint32_t row) const {
    const OpenTemplate& made = builder_.templates()[builder_.rows()[row].template_id];
    return made.status == span::SpanStatus::kError;
  }

  void AddRows() {
    std::string ids, foreign;
    std::vector<uint64_t> starts, durations, parents;
    for (size_t t = 0; t < builder_.traces().size(); ++t) {
      const TraceRows& trace = builder_.traces()[t];
      IndexTrace(trace);
      for (uint32_t row = trace.first_row; row < trace.first_row + trace.row_count; ++row) {
        if (row % kZoneRows == 0) zone_starts_.back().push_back(foreign.size() / 8);
        const RowRecord& record = builder_.rows()[row];
        ids += record.span_id.view();
        starts.push_back(record.start - trace_starts_[t]);
        durations.push_back(record.end - record.start);
        parents.push_back(ParentCode(trace, row));
        if (parents.back() == kForeignParent) foreign += record.parent_id.view();
        group_.min_start = std::min(group_.min_start, record.start);
        group_.max_start = std::max(group_.max_start, record.start);
        const uint64_t duration = record.end > record.start ? record.end - record.start : 0;
        group_.max_duration = std::max(group_.max_duration, duration);
      }
    }
    AddPacked(SectionKind::kTemplateOf, template_of_);
    Add(SectionKind::kSpanIds, std::move(ids));
    AddPacked(SectionKind::kParents, parents);
    Add(SectionKind::kForeignParents, std::move(foreign));
    AddPacked(SectionKind::kStarts, starts);
    AddPacked(SectionKind::kDurations, durations);
    std::vector<uint64_t> zones;
    for (const auto& of_column : zone_starts_) {
      zones.insert(zones.end(), of_column.begin(), of_column.end());
    }
    AddPacked(SectionKind::kZoneStarts, zones);
  }

  static uint64_t NumberOf(const span::SpanId& id) {
    uint64_t number;
    std::memcpy(&number, id.bytes.data(), sizeof(number));
    return number;
  }

  void IndexTrace(const TraceRows& trace) {
    by_id_.clear();
    for (uint32_t row = trace.first_row; row < trace.first_row + trace.row_count; ++row) {
      by_id_.emplace_back(NumberOf(builder_.rows()[row].span_id), row);
    }
    std::sort(by_id_.begin(), by_id_.end());
  }

  uint64_t ParentCode(const TraceRows& trace, uint32_t row) const {
    const span::SpanId parent = builder_.rows()[row].parent_id;
    if (parent.IsZero()) return kNoParent;
    const auto found = std::lower_bound(by_id_.begin(), by_id_.end(),
                                        std::pair(NumberOf(parent), trace.first_row));
    if (found == by_id_.end() || found->first != NumberOf(parent)) return kForeignParent;
    const auto distance = static_cast<int64_t>(row) - static_cast<int64_t>(found->second);
    const uint64_t zigzag =
        static_cast<uint64_t>(distance) << 1 ^ static_cast<uint64_t>(distance >> 63);
    return kFirstParentCode + zigzag;
  }

  void AddColumns() {
    for (uint32_t column = 0; column < columns_.size(); ++column) {
      std::string bytes;
      const CellType type = table_.columns[column].type;
      if (IsText(type)) {
        EncodeTexts(column, &bytes);
      } else {
        EncodeNumbers(columns_[column], type, &bytes);
      }
      Add(static_cast<SectionKind>(static_cast<uint32_t>(SectionKind::kFirstColumn) + column),
          std::move(bytes));
    }
  }

  void EncodeTexts(uint32_t column, std::string* bytes) {
    const std::vector<uint64_t>& cells = columns_[column];
    const TextInterner& interner = builder_.TextOf(column);
    const auto& texts = interner.texts();
    std::vector<uint32_t> counts(texts.size());
    for (const uint64_t cell : cells) ++counts[cell];
    std::vector<uint32_t> used;
    uint64_t used_bytes = 0;
    for (uint32_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      used.push_back(i);
      used_bytes += texts[i].size();
    }
    if (!interner.is_distinct() || used.size() * 2 > cells.size() + 64 ||
        used_bytes > columns::kMaxDictionaryBytes) {
      std::vector<std::string_view> values;
      values.reserve(cells.size());
      for (const uint64_t cell : cells) values.push_back(texts[cell]);
      return columns::EncodePlainText(values, bytes, level_);
    }
    std::stable_sort(used.begin(), used.end(),
                     [&](uint32_t a, uint32_t b) { return counts[a] > counts[b]; });
    std::vector<std::string_view> entries;
    for (uint32_t code = 0; code < used.size(); ++code) {
      entries.push_back(texts[used[code]]);
      counts[used[code]] = code;
    }
    std::vector<uint32_t> codes;
    codes.reserve(cells.size());
    for (const uint64_t cell : cells) codes.push_back(counts[cell]);
    columns::EncodeDictionaryText(entries, codes, bytes);
  }

  void AddValueFilter() {
    ValueFilterBuilder filter;
    for (uint32_t column = 0; column < table_.columns.size(); ++column) {
      const ColumnKey& key = table_.columns[column];
      const bool is_text = IsText(key.type);
      if (key.kind == FieldKind::kAttribute) filter.AddKey(key.key);
      if (key.kind == FieldKind::kAttribute && key.type != CellType::kText)
        filter.AddOther(key.key);
      if (!is_text || key.kind == FieldKind::kText || key.type == CellType::kOther) continue;
      for (const std::string_view text : builder_.TextOf(column).texts()) {
        if (key.kind == FieldKind::kAttribute) {
          filter.AddText(key.key, text);
          continue;
        }
        if (key.kind == FieldKind::kMessage) filter.AddAll({text, span::otlp::kSpanAttributes});
        filter.AddEventsAndLinks(text);
      }
    }
    Add(SectionKind::kValueFilter, filter.Finish());
  }

  void AddLatencies() {
    LatencyTableBuilder latencies;
    for (const TraceRows& trace : builder_.traces()) {
      for (uint32_t i = 0; i < trace.row_count; ++i) {
        const RowRecord& row = builder_.rows()[trace.first_row + i];
        const OpenTemplate& made = builder_.templates()[row.template_id];
        latencies.Add({row.start / kMinuteNano, builder_.dictionary().ServiceOf(made.scope),
                       made.status == span::SpanStatus::kError},
                      row.end > row.start ? row.end - row.start : 0, trace.weight);
      }
    }
    AddCompressed(SectionKind::kLatencies, latencies.Encode());
  }

  const RowGroupBuilder& builder_;
  const int level_;
  EncodedRowGroup group_;
  TemplateTable table_;
  std::vector<uint32_t> order_;           // template codes to the builder's templates
  std::vector<uint32_t> code_of_;         // and back
  std::vector<uint32_t> layout_ids_;      // of the trie's nodes
  std::vector<uint32_t> stored_columns_;  // of the cells of each template, or kNoColumn
  std::vector<size_t> first_stored_;      // of a template, in stored_columns_; its end
  std::vector<std::vector<uint64_t>> columns_;
  std::vector<std::vector<uint64_t>> zone_starts_;  // of each column and of the foreign parents
  std::vector<uint64_t> template_of_;
  std::vector<uint64_t> trace_starts_;
  std::vector<std::pair<uint64_t, uint32_t>> by_id_;  // rows of the current trace by NumberOf
};

}  // namespace

EncodedSection CompressedSection(SectionKind kind, std::string_view bytes, int level) {
  EncodedSection section{kind, std::string(ZSTD_compressBound(bytes.size()), '\0'),
                         static_cast<uint32_t>(bytes.size())};
  const size_t size =
      ZSTD_compress(section.bytes.data(), section.bytes.size(), bytes.data(), bytes.size(), level);
  if (ZSTD_isError(size) != 0 || size >= bytes.size()) {
    section.bytes = bytes;
  } else {
    section.bytes.resize(size);
  }
  return section;
}

EncodedRowGroup EncodeRowGroup(const RowGroupBuilder& builder, Effort effort) {
  return Encoder(builder, effort).Run();
}

}  // namespace spandrel::columnar
