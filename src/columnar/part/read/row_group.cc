// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/read/row_group.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

Status Damaged(const char* what) {
  return {StatusCode::kDataLoss, what};
}

// What a byte of the templates takes once they are parsed, about.
constexpr size_t kParsedTemplateBytes = 4;

bool ComesBefore(const SectionRecord& section, SectionKind kind) {
  return section.kind < kind;
}

}  // namespace

RowGroup::RowGroup(std::shared_ptr<const PartFile> file, uint32_t index,
                   std::shared_ptr<const Dictionary> dictionary)
    : file_(std::move(file)),
      facts_(file_->footer().groups[index]),
      dictionary_(std::move(dictionary)) {}

RowGroup::~RowGroup() {
  file_->ReleasePages(first_offset_, end_offset_ - first_offset_);
}

Result<RowGroupPtr> RowGroup::Open(std::shared_ptr<const PartFile> file, uint32_t index,
                                   std::shared_ptr<const Dictionary> dictionary) {
  std::shared_ptr<RowGroup> group(new RowGroup(std::move(file), index, std::move(dictionary)));
  SPANDREL_RETURN_IF_ERROR(group->Load());
  return RowGroupPtr(std::move(group));
}

Status RowGroup::Load() {
  const Result<std::string_view> directory = file_->CheckedSection(facts_.directory);
  if (!directory.ok()) return directory.status();
  SPANDREL_RETURN_IF_ERROR(ParseDirectory(*directory));
  checked_ = std::vector<std::atomic<bool>>(sections_.size());
  const auto templates =
      std::lower_bound(sections_.begin(), sections_.end(), SectionKind::kTemplates, ComesBefore);
  if (templates == sections_.end() || templates->kind != SectionKind::kTemplates) {
    return Damaged("row group without templates");
  }
  Result<std::string> bytes = file_->ReadSection(*templates);
  if (!bytes.ok()) return bytes.status();
  template_bytes_ = std::move(*bytes);
  Result<TemplateTable> table =
      ParseTemplateTable(template_bytes_, dictionary_->scopes.size(), dictionary_->names.size());
  if (!table.ok()) return table.status();
  table_ = std::move(*table);
  ListStoredColumns();
  Measure();
  return {};
}

// Its sections lie one behind the other.
void RowGroup::Measure() {
  first_offset_ = facts_.directory.offset;
  end_offset_ = first_offset_;
  for (const SectionRecord& section : sections_) {
    first_offset_ = std::min(first_offset_, section.offset);
    end_offset_ = std::max(end_offset_, section.offset + section.stored_size);
  }
  end_offset_ = std::clamp(end_offset_, first_offset_, std::max(first_offset_, file_->size()));
  byte_size_ = sizeof(RowGroup) + sections_.size() * sizeof(SectionRecord) +
               kParsedTemplateBytes * template_bytes_.size() +
               facts_.trace_count * sizeof(uint32_t) + (end_offset_ - first_offset_);
}

void RowGroup::ListStoredColumns() {
  for (const Template& made : table_.templates) {
    first_stored_.push_back(static_cast<uint32_t>(stored_columns_.size()));
    size_t cell = 0;
    for (const LayoutStep& step : table_.layouts[made.layout]) {
      if (step.column == kNoColumn) continue;
      if (!made.cells[cell++].is_constant) stored_columns_.push_back(step.column);
    }
  }
  first_stored_.push_back(static_cast<uint32_t>(stored_columns_.size()));
}

Status RowGroup::ParseDirectory(std::string_view bytes) {
  if (bytes.size() % sizeof(SectionRecord) != 0) return Damaged("directory cannot be read");
  sections_.resize(bytes.size() / sizeof(SectionRecord));
  if (!bytes.empty()) std::memcpy(sections_.data(), bytes.data(), bytes.size());
  std::sort(sections_.begin(), sections_.end(),
            [](const SectionRecord& a, const SectionRecord& b) { return a.kind < b.kind; });
  return {};
}

bool RowGroup::Has(SectionKind kind) const {
  const auto section = std::lower_bound(sections_.begin(), sections_.end(), kind, ComesBefore);
  return section != sections_.end() && section->kind == kind;
}

Result<std::string_view> RowGroup::Bytes(SectionKind kind) const {
  const auto section = std::lower_bound(sections_.begin(), sections_.end(), kind, ComesBefore);
  if (section == sections_.end() || section->kind != kind) return Damaged("section is missing");
  auto& checked = checked_[static_cast<size_t>(section - sections_.begin())];
  if (checked.load(std::memory_order_acquire)) return file_->UncheckedSection(*section);
  Result<std::string_view> bytes = file_->CheckedSection(*section);
  if (bytes.ok()) checked.store(true, std::memory_order_release);
  return bytes;
}

Result<std::string_view> RowGroup::BytesOfSize(SectionKind kind, uint64_t size) const {
  Result<std::string_view> bytes = Bytes(kind);
  if (bytes.ok() && bytes->size() != size) return Damaged("section has another size");
  return bytes;
}

Result<columns::PackedInts> RowGroup::Packed(SectionKind kind) const {
  base::MutexLock lock(packed_mutex_);
  const auto place = static_cast<size_t>(kind);
  if (packed_.size() <= place) packed_.resize(place + 1);
  if (packed_[place]) return *packed_[place];
  Result<columns::PackedInts> packed = ParsePacked(kind);
  if (packed.ok()) packed_[place] = *packed;
  return packed;
}

Result<columns::PackedInts> RowGroup::ParsePacked(SectionKind kind) const {
  const Result<std::string_view> bytes = Bytes(kind);
  if (!bytes.ok()) return bytes.status();
  Result<columns::PackedInts> packed = columns::PackedInts::Parse(*bytes);
  if (!packed.ok()) return packed;
  const uint32_t size = kind < SectionKind::kTemplateOf ? facts_.trace_count : facts_.row_count;
  if (packed->size() != size) return Damaged("column has another size");
  if (kind == SectionKind::kTemplateOf && packed->max() >= table_.templates.size()) {
    return Damaged("template is missing");
  }
  return packed;
}

Result<std::vector<uint16_t>> RowGroup::Weights() const {
  if (!Has(SectionKind::kTraceWeights)) return std::vector<uint16_t>();
  const Result<std::string_view> bytes = Bytes(SectionKind::kTraceWeights);
  if (!bytes.ok()) return bytes.status();
  const Result<columns::PackedInts> packed = columns::PackedInts::Parse(*bytes);
  if (!packed.ok()) return packed.status();
  if (packed->size() != facts_.trace_count || packed->max() > UINT16_MAX) {
    return Damaged("weights make no sense");
  }
  std::vector<uint32_t> values(facts_.trace_count);
  packed->Read(0, facts_.trace_count, values.data());
  if (std::find(values.begin(), values.end(), 0U) != values.end()) {
    return Damaged("a trace stands for nothing");
  }
  return std::vector<uint16_t>(values.begin(), values.end());
}

Result<const span::TraceId*> RowGroup::TraceIds() const {
  const auto bytes =
      BytesOfSize(SectionKind::kTraceIds, uint64_t{facts_.trace_count} * sizeof(span::TraceId));
  if (!bytes.ok()) return bytes.status();
  return reinterpret_cast<const span::TraceId*>(bytes->data());
}

Result<const span::SpanId*> RowGroup::SpanIds() const {
  const auto bytes =
      BytesOfSize(SectionKind::kSpanIds, uint64_t{facts_.row_count} * sizeof(span::SpanId));
  if (!bytes.ok()) return bytes.status();
  return reinterpret_cast<const span::SpanId*>(bytes->data());
}

Result<std::string_view> RowGroup::ForeignParents() const {
  return Bytes(SectionKind::kForeignParents);
}

Result<const std::vector<uint32_t>*> RowGroup::FirstRows() const {
  base::MutexLock lock(mutex_);
  if (!first_rows_.empty()) return &first_rows_;
  const Result<columns::PackedInts> counts = Packed(SectionKind::kTraceRows);
  if (!counts.ok()) return counts.status();
  std::vector<uint32_t> first(facts_.trace_count + 1);
  counts->Read(0, facts_.trace_count, first.data() + 1);
  uint64_t row = 0;
  for (uint32_t& at : first) {
    row += at;
    if (row > facts_.row_count) return Damaged("traces have too many rows");
    at = static_cast<uint32_t>(row);
  }
  if (row != facts_.row_count) return Damaged("traces have too few rows");
  first_rows_ = std::move(first);
  return &first_rows_;
}

Result<std::vector<uint32_t>> RowGroup::CellsBefore(uint32_t zone) const {
  const Result<std::string_view> bytes = Bytes(SectionKind::kZoneStarts);
  if (!bytes.ok()) return bytes.status();
  const Result<columns::PackedInts> starts = columns::PackedInts::Parse(*bytes);
  if (!starts.ok()) return starts.status();
  const uint32_t zones = (facts_.row_count + kZoneRows - 1) / kZoneRows;
  if (starts->size() != uint64_t{zones} * (column_count() + 1)) {
    return Damaged("zones have another number");
  }
  std::vector<uint32_t> before(column_count() + 1);
  for (uint32_t i = 0; i < before.size(); ++i) {
    before[i] = static_cast<uint32_t>(starts->At(i * zones + zone));
  }
  return before;
}

Result<columns::TextColumn> RowGroup::Texts(uint32_t column) const {
  const auto bytes =
      Bytes(static_cast<SectionKind>(static_cast<uint32_t>(SectionKind::kFirstColumn) + column));
  if (!bytes.ok()) return bytes.status();
  return columns::TextColumn::Parse(*bytes);
}

Result<NumberColumn> RowGroup::Numbers(uint32_t column) const {
  const auto bytes =
      Bytes(static_cast<SectionKind>(static_cast<uint32_t>(SectionKind::kFirstColumn) + column));
  if (!bytes.ok()) return bytes.status();
  return NumberColumn::Parse(*bytes, table_.columns[column].type);
}

Result<std::optional<uint32_t>> RowGroup::FindTrace(const span::TraceId& id) const {
  const Result<const span::TraceId*> ids = TraceIds();
  if (!ids.ok()) return ids.status();
  const span::TraceId* const end = *ids + facts_.trace_count;
  const span::TraceId* const found = std::lower_bound(*ids, end, id);
  if (found == end || *found != id) return std::optional<uint32_t>();
  return std::optional<uint32_t>(static_cast<uint32_t>(found - *ids));
}

}  // namespace spandrel::columnar
