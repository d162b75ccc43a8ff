// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/read/row_reader.h"

#include <algorithm>

#include "columnar/hash/content_hash.h"
#include "columnar/part/format/message_fields.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

Status Damaged(const char* what) {
  return {StatusCode::kDataLoss, what};
}

}  // namespace

Status RowReader::Load(uint32_t first, uint32_t count) {
  const auto first_rows = group_->FirstRows();
  if (!first_rows.ok()) return first_rows.status();
  const auto ids = group_->SpanIds();
  if (!ids.ok()) return ids.status();
  const auto trace_ids = group_->TraceIds();
  if (!trace_ids.ok()) return trace_ids.status();
  const auto templates = group_->Packed(SectionKind::kTemplateOf);
  if (!templates.ok()) return templates.status();
  const auto starts = group_->Packed(SectionKind::kStarts);
  if (!starts.ok()) return starts.status();
  const auto durations = group_->Packed(SectionKind::kDurations);
  if (!durations.ok()) return durations.status();
  const auto trace_starts = group_->Packed(SectionKind::kTraceStarts);
  if (!trace_starts.ok()) return trace_starts.status();
  if (!weights_) {
    Result<std::vector<uint16_t>> weights = group_->Weights();
    if (!weights.ok()) return weights.status();
    weights_ = std::move(*weights);
  }
  first_ = first;
  span_ids_ = *ids;
  trace_ids_ = *trace_ids;
  all_templates_ = *templates;
  template_of_.resize(count);
  starts_.resize(count);
  durations_.resize(count);
  trace_of_.resize(count);
  templates->Read(first, count, template_of_.data());
  starts->Read(first, count, starts_.data());
  durations->Read(first, count, durations_.data());
  const auto& rows = **first_rows;
  auto trace =
      static_cast<uint32_t>(std::upper_bound(rows.begin(), rows.end(), first) - rows.begin() - 1);
  uint64_t trace_start = trace_starts->At(trace);
  for (uint32_t i = 0; i < count; ++i) {
    if (first + i >= rows[trace + 1]) {
      while (first + i >= rows[trace + 1]) ++trace;
      trace_start = trace_starts->At(trace);
    }
    trace_of_[i] = trace;
    starts_[i] += trace_start;
  }
  return LoadParents(rows);
}

Status RowReader::LoadParents(const std::vector<uint32_t>& first_rows) {
  const auto packed = group_->Packed(SectionKind::kParents);
  if (!packed.ok()) return packed.status();
  const auto foreign = group_->ForeignParents();
  if (!foreign.ok()) return foreign.status();
  std::vector<uint64_t> codes(count());
  packed->Read(first_, count(), codes.data());
  uint64_t next_foreign = 0;
  if (std::find(codes.begin(), codes.end(), kForeignParent) != codes.end()) {
    const Result<uint64_t> before = ForeignBefore(*packed);
    if (!before.ok()) return before.status();
    next_foreign = *before;
  }
  parents_.assign(count(), span::SpanId());
  for (uint32_t i = 0; i < count(); ++i) {
    const uint64_t code = codes[i];
    if (code == kNoParent) continue;
    if (code == kForeignParent) {
      if (foreign->size() < (next_foreign + 1) * 8) return Damaged("foreign parent is missing");
      parents_[i] = *span::SpanId::FromBytes(foreign->substr(next_foreign++ * 8, 8));
      continue;
    }
    const uint64_t zigzag = code - kFirstParentCode;
    const auto distance = static_cast<int64_t>(zigzag >> 1) ^ -static_cast<int64_t>(zigzag & 1);
    const int64_t parent = static_cast<int64_t>(first_) + i - distance;
    const uint32_t trace = trace_of_[i];
    if (parent < first_rows[trace] || parent >= first_rows[trace + 1]) {
      return Damaged("parent lies outside its trace");
    }
    parents_[i] = span_ids_[parent];
  }
  return {};
}

// Foreign parents are counted from the start of the zone on.
Result<uint64_t> RowReader::ForeignBefore(const columns::PackedInts& parents) const {
  const uint32_t zone = first_ / kZoneRows;
  const auto before = group_->CellsBefore(zone);
  if (!before.ok()) return before.status();
  const uint32_t from = zone * kZoneRows;
  std::vector<uint64_t> codes(first_ - from);
  parents.Read(from, first_ - from, codes.data());
  const auto passed = std::count(codes.begin(), codes.end(), kForeignParent);
  return before->back() + static_cast<uint64_t>(passed);
}

span::SpanEntry RowReader::EntryOf(uint32_t row) const {
  const uint32_t at = row - first_;
  const Template& made = group_->table().templates[template_of_[at]];
  span::SpanEntry entry;
  entry.trace_id = trace_ids_[trace_of_[at]];
  entry.span_id = span_ids_[row];
  entry.parent_span_id = parents_[at];
  entry.start_time_unix_nano = starts_[at];
  entry.end_time_unix_nano = starts_[at] + durations_[at];
  entry.name = group_->dictionary().names[made.name];
  entry.scope = made.scope;
  entry.kind = made.kind;
  entry.status = made.status;
  if (!weights_->empty()) entry.weight = (*weights_)[trace_of_[at]];
  return entry;
}

Status RowReader::Assemble(uint32_t row) {
  const TemplateTable& table = group_->table();
  const Template& made = table.templates[TemplateOf(row)];
  const span::SpanEntry entry = EntryOf(row);
  const RowValues values{entry.trace_id,
                         entry.span_id,
                         entry.parent_span_id,
                         entry.start_time_unix_nano,
                         entry.end_time_unix_nano,
                         entry.name.In(*group_->dictionary().buffer),
                         entry.kind};
  message_.clear();
  size_t cell = 0;
  for (const LayoutStep& step : table.layouts[made.layout]) {
    MessageField field;
    field.kind = step.kind;
    if (step.column == kNoColumn) {
      if (kept_) continue;
    } else {
      const ConstantCell& constant = made.cells[cell++];
      if (kept_ && (*kept_)[step.column] == 0) continue;
      const ColumnKey& key = table.columns[step.column];
      field.number = key.number;
      field.type = key.type;
      field.key = key.key;
      field.text = constant.text;
      field.scalar = constant.scalar;
      if (!constant.is_constant) {
        SPANDREL_RETURN_IF_ERROR(GoTo(row));
        SPANDREL_RETURN_IF_ERROR(ReadCell(step.column, &field));
      }
    }
    AppendField(field, values, &message_);
  }
  return {};
}

// Moves to a row that does not lie before the one read last.
Status RowReader::GoTo(uint32_t row) {
  if (at_row_ == row) return {};
  const uint32_t zone = row / kZoneRows;
  if (!at_row_ || *at_row_ > row || *at_row_ / kZoneRows != zone) {
    Result<std::vector<uint32_t>> before = group_->CellsBefore(zone);
    if (!before.ok()) return before.status();
    cells_before_ = std::move(*before);
    columns_.resize(group_->column_count());
    at_row_ = zone * kZoneRows;
  }
  passed_.resize(row - *at_row_);
  all_templates_.Read(*at_row_, static_cast<uint32_t>(passed_.size()), passed_.data());
  for (const uint32_t code : passed_) {
    for (const uint32_t column : group_->StoredColumns(code)) ++cells_before_[column];
  }
  at_row_ = row;
  return {};
}

Status RowReader::OpenColumn(uint32_t column) {
  OpenedColumn& opened = columns_[column];
  if (IsText(group_->table().columns[column].type)) {
    const Result<columns::TextColumn> texts = group_->Texts(column);
    if (!texts.ok()) return texts.status();
    opened.size = texts->size();
    opened.texts.emplace(*texts);
    return {};
  }
  const Result<NumberColumn> numbers = group_->Numbers(column);
  if (!numbers.ok()) return numbers.status();
  opened.size = numbers->size();
  opened.numbers = *numbers;
  return {};
}

Status RowReader::ReadCell(uint32_t column, MessageField* field) {
  OpenedColumn& opened = columns_[column];
  if (!opened.texts && !opened.numbers) SPANDREL_RETURN_IF_ERROR(OpenColumn(column));
  const uint32_t at = cells_before_[column];
  if (at >= opened.size) return Damaged("cell is missing");
  if (opened.numbers) {
    field->scalar = opened.numbers->At(at);
    return {};
  }
  const Result<std::string_view> text = opened.texts->At(at);
  if (!text.ok()) return text.status();
  field->text = *text;
  return {};
}

Result<bool> GroupContains(const RowGroupPtr& group, const span::SpanEntry& entry,
                           uint64_t content_hash) {
  const auto trace = group->FindTrace(entry.trace_id);
  if (!trace.ok()) return trace.status();
  if (!*trace) return false;
  const auto first_rows = group->FirstRows();
  if (!first_rows.ok()) return first_rows.status();
  const auto ids = group->SpanIds();
  if (!ids.ok()) return ids.status();
  const uint32_t end = (**first_rows)[**trace + 1];
  for (uint32_t row = (**first_rows)[**trace]; row < end; ++row) {
    if ((*ids)[row] != entry.span_id) continue;
    RowReader reader(group);
    SPANDREL_RETURN_IF_ERROR(reader.Load(row, 1));
    if (reader.StartOf(row) != entry.start_time_unix_nano) continue;
    uint64_t hash = 0;
    const uint32_t rows[] = {row};
    SPANDREL_RETURN_IF_ERROR(reader.VisitMessages(rows, [&](uint32_t, std::string_view message) {
      const span::SpanChunk shared = SharedChunk(group->dictionary());
      hash = ContentHashOf(shared, reader.EntryOf(row).scope, message);
      return Status();
    }));
    if (hash == content_hash) return true;
  }
  return false;
}

}  // namespace spandrel::columnar
