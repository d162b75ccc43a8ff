// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/join_groups.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <numeric>
#include <tuple>

#include "columnar/part/read/cell_reader.h"
#include "columnar/part/read/row_reader.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

// Rows of one trace as they are read.
struct TraceCells {
  std::vector<RowRecord> records;
  std::vector<size_t> first_cells;  // of each record, in `cells`
  std::vector<uint64_t> cells;
  uint16_t weight = 0;
};

// One input as it is read from its first row to its last.
class InputRows {
 public:
  InputRows(const JoinInput& input, RowGroupPtr group, RowGroupBuilder& rows)
      : input_(input), group_(group), mapping_(*input.mapping), rows_(rows), reader_(group) {}

  const JoinInput& input() const { return input_; }

  Status Open() {
    SPANDREL_RETURN_IF_ERROR(reader_.Load(0, group_->row_count()));
    const auto ids = group_->TraceIds();
    if (!ids.ok()) return ids.status();
    trace_ids_ = *ids;
    const auto first_rows = group_->FirstRows();
    if (!first_rows.ok()) return first_rows.status();
    first_rows_ = *first_rows;
    Result<std::vector<uint16_t>> weights = group_->Weights();
    if (!weights.ok()) return weights.status();
    weights_ = std::move(*weights);
    if (input_.weights != nullptr) weights_ = *input_.weights;
    for (uint32_t column = 0; column < group_->column_count(); ++column) {
      Result<CellReader> cells = CellReader::Open(*group_, column);
      if (!cells.ok()) return cells.status();
      columns_.push_back({std::move(*cells), {}});
    }
    templates_.resize(group_->table().templates.size());
    return {};
  }

  bool done() const { return trace_ == group_->trace_count(); }
  const span::TraceId& trace_id() const { return trace_ids_[trace_]; }

  // Appends the rows of the current trace, unless it is left out, and goes to the next one.
  Status TakeTrace(TraceCells* trace) {
    const uint16_t weight = weights_.empty() ? uint16_t{1} : weights_[trace_];
    const uint32_t end = (*first_rows_)[trace_ + 1];
    for (uint32_t row = (*first_rows_)[trace_]; row < end; ++row) {
      const uint32_t code = reader_.TemplateOf(row);
      if (weight == 0) {
        SPANDREL_RETURN_IF_ERROR(PassCells(code));
        continue;
      }
      const Result<const MappedTemplate*> made = MapTemplate(code);
      if (!made.ok()) return made.status();
      const span::SpanEntry entry = reader_.EntryOf(row);
      trace->records.push_back({entry.span_id, entry.parent_span_id, entry.start_time_unix_nano,
                                entry.end_time_unix_nano, (*made)->id});
      trace->first_cells.push_back(trace->cells.size());
      SPANDREL_RETURN_IF_ERROR(ReadCells(**made, code, &trace->cells));
    }
    trace->weight = std::max(trace->weight, weight);
    ++trace_;
    return {};
  }

 private:
  // A template as the new row group has it.
  struct MappedTemplate {
    bool known = false;
    uint32_t id = 0;
    std::vector<uint32_t> columns;    // of its cells, in the new row group
    std::vector<uint64_t> constants;  // of the cells that are constant
  };
  struct Column {
    CellReader cells;
    std::vector<uint64_t> codes;  // of dictionary codes in the new column; kUnmapped if not known
  };
  static constexpr uint64_t kUnmapped = UINT64_MAX;

  Result<const MappedTemplate*> MapTemplate(uint32_t code) {
    MappedTemplate& mapped = templates_[code];
    if (mapped.known) return &mapped;
    const TemplateTable& table = group_->table();
    const Template& made = table.templates[code];
    std::vector<MessageField> fields;
    for (const LayoutStep& step : table.layouts[made.layout]) {
      MessageField field;
      field.kind = step.kind;
      if (step.column != kNoColumn) {
        const ColumnKey& key = table.columns[step.column];
        field.number = key.number;
        field.type = key.type;
        field.key = key.key;
      }
      fields.push_back(field);
    }
    OpenTemplate wanted;
    wanted.layout = rows_.AddLayout(fields);
    if (wanted.layout == LayoutTrie::kNone) {
      return Status(StatusCode::kResourceExhausted,
                    "row groups have too many layouts to be joined");
    }
    std::copy_if(rows_.columns_of_layout().begin(), rows_.columns_of_layout().end(),
                 std::back_inserter(mapped.columns), [](uint32_t c) { return c != kNoColumn; });
    wanted.scope = mapping_.Scope(made.scope);
    wanted.name = mapping_.Name(made.name);
    wanted.kind = made.kind;
    wanted.status = made.status;
    mapped.id = rows_.AddTemplate(wanted);
    for (size_t i = 0; i < made.cells.size(); ++i) {
      const ConstantCell& cell = made.cells[i];
      const bool is_text =
          cell.is_constant && IsText(rows_.layouts().columns()[mapped.columns[i]].type);
      mapped.constants.push_back(is_text ? rows_.AddText(mapped.columns[i], cell.text)
                                         : cell.scalar);
    }
    mapped.known = true;
    return &mapped;
  }

  Status ReadCells(const MappedTemplate& mapped, uint32_t code, std::vector<uint64_t>* cells) {
    const size_t first = cells->size();
    cells->insert(cells->end(), mapped.constants.begin(), mapped.constants.end());
    uint64_t* const row = cells->data() + first;
    const Template& made = group_->table().templates[code];
    const auto stored = group_->StoredColumns(code);
    size_t next = 0;
    for (size_t i = 0; i < made.cells.size(); ++i) {
      if (made.cells[i].is_constant) continue;
      SPANDREL_RETURN_IF_ERROR(ReadCell(columns_[stored[next++]], mapped.columns[i], row + i));
    }
    return {};
  }

  // Goes past the cells of a row that is left out.
  Status PassCells(uint32_t code) {
    for (const uint32_t column : group_->StoredColumns(code)) {
      SPANDREL_RETURN_IF_ERROR(columns_[column].cells.Next());
    }
    return {};
  }

  Status ReadCell(Column& from, uint32_t column, uint64_t* cell) {
    SPANDREL_RETURN_IF_ERROR(from.cells.Next());
    if (!from.cells.is_text()) {
      *cell = from.cells.scalar();
      return {};
    }
    if (!from.cells.has_dictionary()) {
      *cell = rows_.AddText(column, from.cells.text());
      return {};
    }
    from.codes.resize(from.cells.dictionary_size(), kUnmapped);
    uint64_t& mapped = from.codes[from.cells.code()];
    if (mapped == kUnmapped) mapped = rows_.AddText(column, from.cells.text());
    *cell = mapped;
    return {};
  }

  const JoinInput& input_;
  const RowGroupPtr group_;
  DictionaryMapping& mapping_;
  RowGroupBuilder& rows_;
  RowReader reader_;
  const span::TraceId* trace_ids_ = nullptr;
  const std::vector<uint32_t>* first_rows_ = nullptr;
  std::vector<uint16_t> weights_;  // of each trace; empty when all are 1
  uint32_t trace_ = 0;
  std::vector<Column> columns_;
  std::vector<MappedTemplate> templates_;
};

// Gives the rows of one trace, by start time, and forgets them.
void WriteTrace(const span::TraceId& id, TraceCells* trace, RowGroupBuilder& rows) {
  const auto& records = trace->records;
  if (records.empty()) return;
  std::vector<uint32_t> order(records.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return std::tie(records[a].start, records[a].span_id) <
           std::tie(records[b].start, records[b].span_id);
  });
  rows.BeginTrace(id, trace->weight);
  for (const uint32_t at : order) {
    rows.AddRow(records[at], trace->cells.data() + trace->first_cells[at]);
  }
  trace->records.clear();
  trace->first_cells.clear();
  trace->cells.clear();
  trace->weight = 0;
}

Status NoteDamage(const JoinInput& input, Status status) {
  if (status.code() == StatusCode::kDataLoss) input.part->NoteDamagedGroup(input.index, status);
  return status;
}

Result<std::unique_ptr<InputRows>> OpenInput(const JoinInput& input, RowGroupBuilder& rows) {
  Result<RowGroupPtr> group = input.part->Group(input.index);
  if (!group.ok()) return group.status();
  rows.AddMessageBytes((*group)->facts().message_bytes);
  auto open = std::make_unique<InputRows>(input, std::move(*group), rows);
  SPANDREL_RETURN_IF_ERROR(NoteDamage(input, open->Open()));
  return open;
}

}  // namespace

Status JoinGroups(const std::vector<JoinInput>& inputs, RowGroupBuilder& rows) {
  std::vector<std::unique_ptr<InputRows>> open;
  for (const JoinInput& input : inputs) {
    auto opened = OpenInput(input, rows);
    if (!opened.ok()) return opened.status();
    open.push_back(std::move(*opened));
  }
  TraceCells trace;
  while (true) {
    std::erase_if(open, [](const auto& input) { return input->done(); });
    if (open.empty()) return {};
    const auto first = std::min_element(open.begin(), open.end(), [](const auto& a, const auto& b) {
      return a->trace_id() < b->trace_id();
    });
    const span::TraceId id = (*first)->trace_id();
    for (const auto& input : open) {
      if (input->trace_id() != id) continue;
      SPANDREL_RETURN_IF_ERROR(NoteDamage(input->input(), input->TakeTrace(&trace)));
    }
    WriteTrace(id, &trace, rows);
  }
}

}  // namespace spandrel::columnar
