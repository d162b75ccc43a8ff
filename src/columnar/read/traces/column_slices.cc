// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/traces/column_slices.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "columnar/read/match/predicate_fields.h"
#include "storage/narrow.h"
#include "storage/trace_fields.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using storage::Expression;
using storage::FieldColumn;
using storage::Intrinsic;
using storage::TraceSlice;
using storage::Value;

// Row groups that are kept open: traces of one moment lie in few.
constexpr size_t kMaxOpen = 4;

bool IsOfTemplate(const Expression& expression) {
  const std::vector<storage::FieldRef> fields = FieldsOf(expression);
  return std::all_of(fields.begin(), fields.end(), IsOwnTemplateField);
}

// The field that an operand is, when it is one.
const storage::FieldRef* FieldOf(const Expression& operand) {
  const bool is_field = operand.root().kind == Expression::Kind::kField;
  return is_field ? &operand.root().field : nullptr;
}

bool CanDecide(const Expression& condition) {
  return IsOfTemplate(condition) ||
         (!storage::NeedsTrace(condition) && storage::Narrow(condition).exact);
}

void AppendTo(FieldColumn* column, const std::vector<Value>& values) {
  column->values.insert(column->values.end(), values.begin(), values.end());
  column->ends.push_back(static_cast<uint32_t>(column->values.size()));
}

}  // namespace

// A row group with what was found out about it.
class ColumnSlices::Group {
 public:
  Group(const Asked& asked, TemplateAnswers* answers, const storage::QueryContext& context,
        const ScanUnit& unit, RowGroupPtr group)
      : asked_(asked),
        answers_(answers),
        unit_(unit),
        group_(std::move(group)),
        probe_(*group_),
        memory_(context) {}

  bool Is(const ScanUnit& unit) const {
    return unit.source == unit_.source && unit.index == unit_.index;
  }

  // DATA_LOSS when the row group cannot be read.
  Status Open(PartSource& source, const std::vector<std::unique_ptr<RowMatcher>>& conditions) {
    const auto matching = source.RowsOf(unit_.index, asked_.question.matcher);
    if (!matching.ok()) return matching.status();
    matching_ = **matching;
    size_t listed = matching_.size();
    for (const auto& condition : conditions) {
      rows_of_condition_.emplace_back();
      if (condition == nullptr) continue;
      auto rows = condition->RowsOf(group_, unit_.source);
      if (!rows.ok()) return rows.status();
      rows_of_condition_.back() = *std::move(rows);
      listed += rows_of_condition_.back().size();
    }
    const size_t templates = group_->table().templates.size();
    SPANDREL_RETURN_IF_ERROR(
        memory_.Grow(listed * sizeof(uint32_t) + templates +
                     templates * answers_->size() * sizeof(const std::vector<Value>*)));
    is_known_.resize(templates);
    found_.resize(templates * answers_->size());
    return OpenColumns();
  }

  // The place of a trace; nothing when it is not here.
  Result<std::optional<uint32_t>> Find(const span::TraceId& id) const {
    return group_->FindTrace(id);
  }
  uint32_t RowCountOf(uint32_t trace) const {
    return (*first_rows_)[trace + 1] - (*first_rows_)[trace];
  }

  // Nothing when two of its spans have the same id: which is whose parent is not said here.
  Result<std::optional<TraceSlice>> Read(const span::TraceId& id, uint32_t trace) {
    first_ = (*first_rows_)[trace];
    const uint32_t count = RowCountOf(trace);
    ReadRows(trace, count);
    if (HasEqualIds()) return std::optional<TraceSlice>();
    TraceSlice slice;
    slice.trace_id = id;
    slice.weight = weights_.empty() ? uint16_t{1} : weights_[trace];
    slice.span_ids.assign(span_ids_ + first_, span_ids_ + first_ + count);
    slice.starts = starts_;
    slice.durations = durations_;
    if (!AppendParents(&slice)) return Status(base::StatusCode::kDataLoss, "parent is missing");
    slice.matched = Marked(matching_);
    SPANDREL_RETURN_IF_ERROR(AppendAnswers(&slice));
    return std::optional(std::move(slice));
  }

 private:
  Status OpenColumns() {
    const auto first_rows = group_->FirstRows();
    if (!first_rows.ok()) return first_rows.status();
    first_rows_ = *first_rows;
    const auto ids = group_->SpanIds();
    if (!ids.ok()) return ids.status();
    span_ids_ = *ids;
    auto weights = group_->Weights();
    if (!weights.ok()) return weights.status();
    weights_ = *std::move(weights);
    SPANDREL_RETURN_IF_ERROR(OpenPacked(SectionKind::kTemplateOf, &packed_templates_));
    SPANDREL_RETURN_IF_ERROR(OpenPacked(SectionKind::kStarts, &packed_starts_));
    SPANDREL_RETURN_IF_ERROR(OpenPacked(SectionKind::kTraceStarts, &packed_trace_starts_));
    SPANDREL_RETURN_IF_ERROR(OpenPacked(SectionKind::kDurations, &packed_durations_));
    return OpenPacked(SectionKind::kParents, &packed_parents_);
  }

  Status OpenPacked(SectionKind kind, columns::PackedInts* packed) {
    auto opened = group_->Packed(kind);
    if (opened.ok()) *packed = *opened;
    return opened.status();
  }

  // The rows of a trace, by their number in it.
  void ReadRows(uint32_t trace, uint32_t count) {
    template_of_.resize(count);
    starts_.resize(count);
    durations_.resize(count);
    parents_.resize(count);
    packed_templates_.Read(first_, count, template_of_.data());
    packed_starts_.Read(first_, count, starts_.data());
    packed_durations_.Read(first_, count, durations_.data());
    packed_parents_.Read(first_, count, parents_.data());
    const uint64_t trace_start = packed_trace_starts_.At(trace);
    for (uint32_t row = 0; row < count; ++row) {
      starts_[row] += trace_start;
      if (starts_[row] + durations_[row] < starts_[row]) durations_[row] = 0;
    }
  }

  bool HasEqualIds() {
    sorted_ids_.resize(starts_.size());
    std::memcpy(sorted_ids_.data(), span_ids_ + first_, sorted_ids_.size() * sizeof(uint64_t));
    std::sort(sorted_ids_.begin(), sorted_ids_.end());
    return std::adjacent_find(sorted_ids_.begin(), sorted_ids_.end()) != sorted_ids_.end();
  }

  // False when the row group is damaged.
  bool AppendParents(TraceSlice* slice) const {
    const auto count = static_cast<int64_t>(parents_.size());
    slice->parents.reserve(parents_.size());
    for (int64_t row = 0; row < count; ++row) {
      const uint64_t code = parents_[static_cast<size_t>(row)];
      if (code == kNoParent || code == kForeignParent) {
        slice->parents.push_back(code == kNoParent ? storage::kNoParent : storage::kOrphan);
        continue;
      }
      const uint64_t zigzag = code - kFirstParentCode;
      const auto distance = static_cast<int64_t>(zigzag >> 1) ^ -static_cast<int64_t>(zigzag & 1);
      const int64_t parent = row - distance;
      if (parent < 0 || parent >= count) return false;
      slice->parents.push_back(static_cast<int32_t>(parent));
    }
    return true;
  }

  // 1 for the rows of the trace that are among `rows`, which ascend.
  std::vector<uint8_t> Marked(const std::vector<uint32_t>& rows) const {
    std::vector<uint8_t> marks(starts_.size());
    const auto end = first_ + marks.size();
    for (auto row = std::lower_bound(rows.begin(), rows.end(), first_);
         row != rows.end() && *row < end; ++row) {
      marks[*row - first_] = 1;
    }
    return marks;
  }

  Status AppendAnswers(TraceSlice* slice) {
    const storage::TraceScanRequest& request = asked_.request;
    slice->fields.resize(request.fields.size());
    slice->operands.resize(request.operands.size());
    for (const uint32_t number : template_of_) {
      if (is_known_[number] != 0) continue;
      is_known_[number] = 1;
      SPANDREL_RETURN_IF_ERROR(answers_->Find(unit_.source, *group_, number, &probe_,
                                              found_.data() + number * answers_->size()));
    }
    for (size_t i = 0; i < request.fields.size(); ++i) {
      AppendColumn(&request.fields[i], i, &slice->fields[i]);
    }
    for (size_t i = 0; i < request.operands.size(); ++i) {
      AppendColumn(FieldOf(request.operands[i]), request.fields.size() + i, &slice->operands[i]);
    }
    for (size_t i = 0; i < request.conditions.size(); ++i) {
      slice->holds.push_back(asked_.matchers[i] != nullptr ? Marked(rows_of_condition_[i])
                                                           : HoldsByTemplate(i));
    }
    return {};
  }

  std::vector<uint8_t> HoldsByTemplate(size_t condition) const {
    const size_t place = answers_->PlaceOfCondition(condition);
    std::vector<uint8_t> holds;
    holds.reserve(template_of_.size());
    for (const uint32_t number : template_of_)
      holds.push_back(AnswerOf(number, place).empty() ? 0 : 1);
    return holds;
  }

  const std::vector<Value>& AnswerOf(uint32_t of_template, size_t place) const {
    return *found_[of_template * answers_->size() + place];
  }

  // The `place`-th of the answers of each row's template, unless `field`, which may be null, is a
  // time.
  void AppendColumn(const storage::FieldRef* field, size_t place, FieldColumn* column) const {
    column->ends.reserve(template_of_.size());
    column->values.reserve(template_of_.size());
    if (field == nullptr || !IsTimeField(*field)) {
      for (const uint32_t number : template_of_) AppendTo(column, AnswerOf(number, place));
      return;
    }
    const bool is_start = *field == storage::FieldRef(Intrinsic::kStartTime);
    for (const uint64_t time : is_start ? starts_ : durations_) {
      column->values.emplace_back(static_cast<int64_t>(time));
      column->ends.push_back(static_cast<uint32_t>(column->values.size()));
    }
  }

  const Asked& asked_;
  TemplateAnswers* const answers_;
  const ScanUnit unit_;
  const RowGroupPtr group_;
  TemplateProbe probe_;
  std::vector<uint32_t> matching_;
  std::vector<std::vector<uint32_t>> rows_of_condition_;  // of those that have a matcher
  std::vector<uint8_t> is_known_;                         // by template: found_ has its answers
  std::vector<const std::vector<Value>*> found_;          // of each template, as Answers has them
  const std::vector<uint32_t>* first_rows_ = nullptr;
  const span::SpanId* span_ids_ = nullptr;
  std::vector<uint16_t> weights_;
  columns::PackedInts packed_templates_, packed_starts_, packed_trace_starts_, packed_durations_,
      packed_parents_;
  storage::QueryMemory memory_;

  // Of the trace that is read, by its rows.
  uint32_t first_ = 0;
  std::vector<uint32_t> template_of_;
  std::vector<uint64_t> starts_;
  std::vector<uint64_t> durations_;
  std::vector<uint64_t> parents_;     // as the column has them
  std::vector<uint64_t> sorted_ids_;  // in any order of their bytes
};

bool ColumnSlices::CanAnswer(const storage::TraceScanRequest& request, const Question& question) {
  if (!request.whole_traces || !question.is_exact || question.needs_trace) return false;
  const auto is_answered = [](const storage::FieldRef& field) {
    return IsOwnTemplateField(field) || IsTimeField(field);
  };
  const auto is_made = [&](const Expression& operand) {
    const storage::FieldRef* field = FieldOf(operand);
    return field != nullptr ? is_answered(*field) : IsOfTemplate(operand);
  };
  return std::all_of(request.fields.begin(), request.fields.end(), is_answered) &&
         std::all_of(request.operands.begin(), request.operands.end(), is_made) &&
         std::all_of(request.conditions.begin(), request.conditions.end(), CanDecide);
}

ColumnSlices::Matchers ColumnSlices::MatchersOf(
    const storage::TraceScanRequest& request,
    const std::shared_ptr<const storage::Regexes>& regexes) {
  Matchers matchers;
  for (const Expression& condition : request.conditions) {
    matchers.emplace_back();
    if (IsOfTemplate(condition)) continue;
    matchers.back() = std::make_unique<const Matcher>(
        Matcher::OfPart(storage::Narrow(condition).where, {}, regexes));
  }
  return matchers;
}

ColumnSlices::ColumnSlices(Scan& scan, const Asked& asked) : scan_(scan), asked_(asked) {
  std::vector<uint8_t> decided;
  decided.reserve(asked_.matchers.size());
  for (const auto& matcher : asked_.matchers) {
    decided.push_back(matcher == nullptr ? 1 : 0);
    conditions_.push_back(matcher ? std::make_unique<RowMatcher>(*matcher) : nullptr);
  }
  answers_ =
      std::make_unique<TemplateAnswers>(scan.context(), asked_.request, asked_.rows, decided);
}

ColumnSlices::~ColumnSlices() = default;

Result<std::optional<TraceSlice>> ColumnSlices::Read(const ScanUnit& unit,
                                                     const span::TraceId& id) {
  SPANDREL_RETURN_IF_ERROR(scan_.context().Check());
  const std::optional<TraceSlice> nothing;
  // No range has the last moment of all.
  if (unit.max_start == UINT64_MAX) return nothing;
  auto found = std::find_if(open_.begin(), open_.end(),
                            [&unit](const auto& group) { return group->Is(unit); });
  if (found == open_.end()) {
    const Result<PartSource*> source = scan_.Source(unit.source);
    if (!source.ok()) return source.status();
    Result<RowGroupPtr> opened = (*source)->part().Group(unit.index);
    if (!opened.ok()) return nothing;
    auto group =
        std::make_unique<Group>(asked_, answers_.get(), scan_.context(), unit, *std::move(opened));
    const Status ready = group->Open(**source, conditions_);
    if (ready.code() == base::StatusCode::kResourceExhausted) return ready;
    if (!ready.ok()) return nothing;
    if (open_.size() == kMaxOpen) open_.pop_back();
    open_.push_back(std::move(group));
    found = std::prev(open_.end());
  }
  std::rotate(open_.begin(), found, std::next(found));
  Group& group = *open_.front();
  const auto trace = group.Find(id);
  if (!trace.ok() || !*trace) return nothing;
  const size_t rows = group.RowCountOf(**trace);
  scan_.context().Inspect(rows, 0);
  storage::QueryMemory memory(scan_.context());
  SPANDREL_RETURN_IF_ERROR(memory.Grow(rows * storage::RowBytes(asked_.request)));
  auto slice = group.Read(id, **trace);
  if (!slice.ok() && slice.status().code() == base::StatusCode::kDataLoss) return nothing;
  return slice;
}

}  // namespace spandrel::columnar
