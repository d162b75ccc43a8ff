// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/grouped_rows.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "columnar/part/read/cell_reader.h"
#include "columnar/read/match/predicate_fields.h"
#include "storage/evaluate.h"
#include "storage/span_fields.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using span::ValueView;
using storage::AttributeScope;
using storage::OptionalValue;

constexpr size_t kMaxGroups = size_t{1} << 14;
// What a value or a group takes beside texts.
constexpr size_t kValueBytes = 128;
constexpr uint32_t kUnknown = UINT32_MAX;

size_t TextBytes(const OptionalValue& value) {
  const auto* text = value ? std::get_if<std::string>(&*value) : nullptr;
  return text == nullptr ? 0 : text->size();
}

}  // namespace

bool GroupedRows::CanRead(const storage::FieldRef& field) {
  if (field.of_parent) return false;
  const auto* attribute = std::get_if<storage::AttributeField>(&field.field);
  const bool is_of_span = attribute != nullptr && (attribute->scope == AttributeScope::kSpan ||
                                                   attribute->scope == AttributeScope::kUnscoped);
  return is_of_span || IsTemplateField(field.field);
}

Result<bool> GroupedRows::Load(const RowGroup& group, const std::vector<uint32_t>& template_of,
                               const std::vector<uint8_t>& wanted) {
  group_ = &group;
  template_of_ = &template_of;
  wanted_ = &wanted;
  group_of_.assign(template_of.size(), 0);
  groups_.assign(1, {});
  bytes_ = 0;
  for (const storage::FieldRef& field : fields_) {
    const bool is_read = ReadField(field) && Combine();
    if (!status_.ok()) return status_;
    if (!is_read) return false;
  }
  return true;
}

bool GroupedRows::ReadField(const storage::FieldRef& field) {
  known_.clear();
  values_.clear();
  decided_.assign(group_->table().templates.size(), {});
  codes_.assign(template_of_->size(), 0);
  TemplateProbe probe(*group_);
  std::optional<AttributeCells> cells;
  if (!IsTemplateField(field.field)) {
    cells.emplace(group_->table(), std::get<storage::AttributeField>(field.field));
  }
  std::set<uint32_t> columns;
  for (size_t row = 0; row < codes_.size(); ++row) {
    if ((*wanted_)[row] == 0) continue;
    const uint32_t of_template = (*template_of_)[row];
    Decided& decided = decided_[of_template];
    if (!decided.is_known) {
      decided = DecidedOf(field, cells, of_template, &probe);
      if (!decided.is_known || !status_.ok()) return false;
      if (decided.column != kNoColumn) columns.insert(decided.column);
    }
    codes_[row] = decided.code;
  }
  return std::all_of(columns.begin(), columns.end(),
                     [this](uint32_t column) { return ReadColumn(column); });
}

// Not known where a message is kept as a whole.
GroupedRows::Decided GroupedRows::DecidedOf(const storage::FieldRef& field,
                                            const std::optional<AttributeCells>& cells,
                                            uint32_t of_template, TemplateProbe* probe) {
  const TemplateTable& table = group_->table();
  const Template& made = table.templates[of_template];
  if (const auto cell = cells ? cells->In(table.layouts[made.layout]) : std::nullopt) {
    const ConstantCell& constant = made.cells[cell->cell];
    const ColumnKey& column = table.columns[cell->column];
    if (column.kind == FieldKind::kMessage) return {};
    if (!constant.is_constant) return {true, 0, cell->column};
    const ValueView view = ViewOfCell(column.type, constant.text, constant.scalar);
    return {true, CodeOf(storage::ValueOf(view)), kNoColumn};
  }
  // A span without attributes says what its template says.
  const span::SpanRef span = probe->SpanOf(of_template);
  return {true, CodeOf(storage::FirstValue(field, storage::SpanFields(span))), kNoColumn};
}

bool GroupedRows::ReadColumn(uint32_t column) {
  Result<CellReader> cells = CellReader::Open(*group_, column);
  if (!cells.ok()) return false;
  const CellType type = group_->table().columns[column].type;
  std::vector<uint32_t> of_entry(cells->has_dictionary() ? cells->dictionary_size() : 0, kUnknown);
  std::unordered_map<uint64_t, uint32_t> of_number;
  const auto read = [&](size_t row) -> base::Status {
    if ((*wanted_)[row] == 0 || decided_[(*template_of_)[row]].column != column) return {};
    uint32_t code = kUnknown;
    uint32_t* known = &code;
    if (cells->has_dictionary()) known = &of_entry[cells->code()];
    if (!cells->is_text()) known = &of_number.try_emplace(cells->scalar(), kUnknown).first->second;
    if (*known == kUnknown) {
      const bool is_text = cells->is_text();
      *known = CodeOf(storage::ValueOf(ViewOfCell(
          type, is_text ? cells->text() : std::string_view(), is_text ? 0 : cells->scalar())));
      if (values_.size() > kMaxGroups || !status_.ok()) {
        return {base::StatusCode::kResourceExhausted, "too many groups"};
      }
    }
    codes_[row] = *known;
    return {};
  };
  return VisitRowsWithCell(*group_, column, *template_of_, &*cells, read).ok();
}

uint32_t GroupedRows::CodeOf(const OptionalValue& value) {
  const auto known = known_.find(value);
  if (known != known_.end()) return known->second;
  if (!TakeRoomFor(value)) return 0;
  const auto code = static_cast<uint32_t>(values_.size());
  values_.push_back(&known_.emplace(value, code).first->first);
  return code;
}

bool GroupedRows::TakeRoomFor(const OptionalValue& value) {
  bytes_ += kValueBytes + TextBytes(value);
  status_ = memory_.GrowTo(bytes_);
  return status_.ok();
}

// Each group of the fields before becomes as many as there are values with it.
bool GroupedRows::Combine() {
  std::unordered_map<uint64_t, uint32_t> made;
  std::vector<std::vector<OptionalValue>> groups;
  uint64_t last_key = UINT64_MAX;
  uint32_t last = 0;
  for (size_t row = 0; row < codes_.size(); ++row) {
    if ((*wanted_)[row] == 0) continue;
    const uint64_t key = uint64_t{group_of_[row]} << 32 | codes_[row];
    if (key != last_key) {
      const auto [place, is_new] = made.try_emplace(key, static_cast<uint32_t>(groups.size()));
      if (is_new) {
        if (groups.size() == kMaxGroups) return false;
        std::vector<OptionalValue> group = groups_[group_of_[row]];
        group.push_back(*values_[codes_[row]]);
        if (!std::all_of(group.begin(), group.end(),
                         [this](const OptionalValue& value) { return TakeRoomFor(value); })) {
          return false;
        }
        groups.push_back(std::move(group));
      }
      last_key = key;
      last = place->second;
    }
    group_of_[row] = last;
  }
  groups_ = std::move(groups);
  return true;
}

}  // namespace spandrel::columnar
