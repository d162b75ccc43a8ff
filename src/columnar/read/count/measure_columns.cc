// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/measure_columns.h"

#include <algorithm>
#include <utility>

#include "columnar/read/match/predicate_fields.h"
#include "storage/evaluate.h"
#include "storage/latency_histogram.h"
#include "storage/span_fields.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using storage::Intrinsic;
using storage::LatencyHistogram;
using storage::MeasureKind;

// Groups in time buckets of a row group; and those with the buckets of their histograms.
constexpr uint64_t kMaxCells = uint64_t{1} << 17;
constexpr uint64_t kMaxCounts = uint64_t{1} << 20;
// What is kept by cell, about.
constexpr size_t kCellBytes = 64;

constexpr uint32_t kUnknown = UINT32_MAX;
constexpr int32_t kZeroBucket = LatencyHistogram::kFirstBucket - 1;

}  // namespace

bool MeasureColumns::CanAnswer(const storage::MeasureRequest& request, const Question& question) {
  if (!question.is_exact || question.needs_trace) return false;
  return std::all_of(request.group_by.begin(), request.group_by.end(),
                     [](const storage::FieldRef& field) { return GroupedRows::CanRead(field); }) &&
         std::all_of(
             request.measures.begin(), request.measures.end(),
             [](const storage::Measure& one) { return !one.field || IsTimeField(*one.field); });
}

Result<bool> MeasureColumns::Add(const Part& part, uint32_t source, uint32_t group) {
  const Result<RowGroupPtr> open = part.Group(group);
  if (!open.ok()) return false;
  group_ = open->get();
  source_ = source;
  if (!FindRows(*open, source)) return false;
  if (count_ == 0) return true;
  FindTimeBuckets();
  if (bucket_count_ > kMaxCells) return false;
  group_ids_.clear();
  if (request_.group_by.empty()) SPANDREL_RETURN_IF_ERROR(AddOnlyGroup());
  if (CountsWholeTraces()) {
    SPANDREL_RETURN_IF_ERROR(memory_.GrowTo(bucket_count_ * kCellBytes));
    if (!CountTraces()) return false;
  } else {
    if (!LoadColumns()) return false;
    const Result<bool> numbered = NumberCells();
    if (!numbered.ok() || !*numbered || HasTooManyCells()) return numbered.ok() ? false : numbered;
    SPANDREL_RETURN_IF_ERROR(CountSpans());
  }
  SPANDREL_RETURN_IF_ERROR(AddSpans());
  for (size_t i = 0; i < request_.measures.size(); ++i) SPANDREL_RETURN_IF_ERROR(AddMeasure(i));
  if (request_.exemplars > 0) SPANDREL_RETURN_IF_ERROR(AddExemplars());
  return true;
}

bool MeasureColumns::FindRows(const RowGroupPtr& group, uint32_t source) {
  all_match_ = rows_.MatchesAll(group->facts());
  if (all_match_) {
    rows_.columns().Open(*group);
    count_ = group->row_count();
    return true;
  }
  auto matching = rows_.RowsOf(group, source);
  if (!matching.ok()) return false;
  matching_ = *std::move(matching);
  count_ = static_cast<uint32_t>(matching_.size());
  return true;
}

void MeasureColumns::FindTimeBuckets() {
  const GroupRecord& facts = group_->facts();
  const storage::TimeRange& range = request_.start_time;
  first_start_ = groups_->BucketStart(std::max(facts.min_start, range.min_unix_nano));
  const uint64_t last = groups_->BucketStart(std::min(facts.max_start, range.max_unix_nano - 1));
  bucket_count_ = request_.step_nano == 0 ? 1 : (last - first_start_) / request_.step_nano + 1;
}

bool MeasureColumns::CountsWholeTraces() const {
  return all_match_ && bucket_count_ > 1 && request_.group_by.empty() && request_.exemplars == 0 &&
         std::none_of(request_.measures.begin(), request_.measures.end(),
                      [](const storage::Measure& measure) { return measure.field.has_value(); });
}

bool MeasureColumns::CountTraces() {
  const auto first_rows = group_->FirstRows();
  const auto starts = group_->Packed(SectionKind::kTraceStarts);
  const auto durations = group_->Packed(SectionKind::kTraceDurations);
  const auto of_rows = group_->Packed(SectionKind::kStarts);
  const auto row_durations = group_->Packed(SectionKind::kDurations);
  const auto weights = group_->Weights();
  if (!first_rows.ok() || !starts.ok() || !durations.ok() || !of_rows.ok()) return false;
  if (!row_durations.ok() || !weights.ok()) return false;
  // A span that ends before it starts may start after the end of its trace.
  const bool may_start_late = row_durations->max() > UINT64_MAX - group_->facts().max_start;
  trace_starts_.resize(group_->trace_count());
  trace_durations_.resize(group_->trace_count());
  starts->Read(0, group_->trace_count(), trace_starts_.data());
  durations->Read(0, group_->trace_count(), trace_durations_.data());
  spans_.assign(bucket_count_, 0);
  const uint64_t step = request_.step_nano;
  for (uint32_t trace = 0; trace < trace_starts_.size(); ++trace) {
    const uint32_t first = (**first_rows)[trace];
    const uint32_t end = (**first_rows)[trace + 1];
    const uint64_t weight = weights->empty() ? 1 : (*weights)[trace];
    const uint64_t offset = trace_starts_[trace] - first_start_;
    const uint64_t left = step - offset % step;  // in the bucket where it starts
    if (!may_start_late && trace_durations_[trace] < left) {
      spans_[BucketAt(offset)] += weight * (end - first);
      continue;
    }
    for (uint32_t row = first; row < end; ++row) {
      spans_[BucketAt(offset + of_rows->At(row))] += weight;
    }
  }
  return true;
}

bool MeasureColumns::LoadColumns() {
  RowColumns& columns = rows_.columns();
  bool needs_starts = bucket_count_ > 1 || request_.exemplars > 0;
  bool needs_durations = false;
  for (const storage::Measure& measure : request_.measures) {
    if (!measure.field) continue;
    const bool is_start = *measure.field == storage::FieldRef(Intrinsic::kStartTime);
    (is_start ? needs_starts : needs_durations) = true;
  }
  if (!request_.group_by.empty() && !columns.LoadTemplates().ok()) return false;
  if (needs_starts && !columns.LoadStarts().ok()) return false;
  if (needs_durations && !columns.LoadDurations().ok()) return false;
  return columns.LoadWeights().ok();
}

bool MeasureColumns::HasTooManyCells() const {
  return group_ids_.size() * bucket_count_ > kMaxCells;
}

Status MeasureColumns::AddOnlyGroup() {
  const auto only = groups_->IdOf({});
  if (!only.ok()) return only.status();
  group_ids_.push_back(*only);
  return {};
}

Result<bool> MeasureColumns::NumberCells() {
  status_ = {};
  place_of_group_.clear();
  cell_of_row_.assign(count_, 0);
  const RowColumns& columns = rows_.columns();
  if (!by_templates_) {
    Result<bool> numbered = NumberGroups();
    if (!numbered.ok() || !*numbered) return numbered;
  } else if (!request_.group_by.empty()) {
    place_of_template_.assign(group_->table().templates.size(), kUnknown);
    TemplateProbe probe(*group_);
    const auto buckets = static_cast<uint32_t>(bucket_count_);
    ForEachRow([&](size_t i, uint32_t row) {
      const uint32_t of_template = columns.template_of()[row];
      uint32_t place = place_of_template_[of_template];
      if (place == kUnknown) place = PlaceOf(of_template, &probe);
      cell_of_row_[i] = place * buckets;
    });
  }
  if (!status_.ok()) return status_;
  if (bucket_count_ == 1) return true;
  // Most rows start in the time bucket of the one before.
  const uint64_t step = request_.step_nano;
  uint64_t begin = first_start_;
  uint32_t number = 0;
  ForEachRow([&](size_t i, uint32_t row) {
    const uint64_t start = columns.starts()[row];
    if (start - begin >= step) {
      number = static_cast<uint32_t>(BucketAt(start - first_start_));
      begin = first_start_ + number * step;
    }
    cell_of_row_[i] += number;
  });
  return true;
}

Result<bool> MeasureColumns::NumberGroups() {
  std::vector<uint8_t> wanted(group_->row_count());
  ForEachRow([&](size_t, uint32_t row) { wanted[row] = 1; });
  Result<bool> loaded = grouped_.Load(*group_, rows_.columns().template_of(), wanted);
  if (!loaded.ok() || !*loaded) return loaded;
  for (uint32_t group = 0; group < grouped_.size(); ++group) {
    const Result<uint32_t> id = groups_->IdOf(grouped_.ValuesOf(group));
    if (!id.ok()) return id.status();
    group_ids_.push_back(*id);
  }
  const auto buckets = static_cast<uint32_t>(bucket_count_);
  ForEachRow([&](size_t i, uint32_t row) { cell_of_row_[i] = grouped_.group_of()[row] * buckets; });
  return true;
}

uint32_t MeasureColumns::PlaceOf(uint32_t of_template, TemplateProbe* probe) {
  const Result<uint32_t> id = GroupOf(of_template, probe);
  if (!id.ok()) {
    status_ = id.status();
    return 0;
  }
  if (place_of_group_.size() <= *id) place_of_group_.resize(*id + size_t{1}, kUnknown);
  uint32_t& place = place_of_group_[*id];
  if (place == kUnknown) {
    place = static_cast<uint32_t>(group_ids_.size());
    group_ids_.push_back(*id);
  }
  return place_of_template_[of_template] = place;
}

Result<uint32_t> MeasureColumns::GroupOf(uint32_t of_template, TemplateProbe* probe) {
  const uint32_t shape =
      shapes_.NumberOf(source_, group_->table().templates[of_template], group_->dictionary());
  if (shape < group_of_shape_.size()) return group_of_shape_[shape];
  const span::SpanRef span = probe->SpanOf(of_template);
  const storage::SpanFields fields(span);
  std::vector<storage::OptionalValue> group;
  group.reserve(request_.group_by.size());
  for (const storage::FieldRef& field : request_.group_by) {
    group.push_back(storage::FirstValue(field, fields));
  }
  Result<uint32_t> id = groups_->IdOf(std::move(group));
  if (!id.ok()) return id;
  group_of_shape_.push_back(*id);
  SPANDREL_RETURN_IF_ERROR(memory_.GrowTo(shapes_.byte_size() + shapes_.size() * sizeof(uint32_t)));
  return id;
}

Status MeasureColumns::CountSpans() {
  const size_t cells = group_ids_.size() * bucket_count_;
  SPANDREL_RETURN_IF_ERROR(memory_.GrowTo(shapes_.byte_size() + cells * kCellBytes));
  spans_.assign(cells, 0);
  const RowColumns& columns = rows_.columns();
  ForEachRow([&](size_t i, uint32_t row) { spans_[cell_of_row_[i]] += columns.WeightOf(row); });
  return {};
}

Status MeasureColumns::AddSpans() {
  buckets_.assign(spans_.size(), nullptr);
  for (size_t cell = 0; cell < spans_.size(); ++cell) {
    if (spans_[cell] == 0) continue;
    const uint64_t start = first_start_ + cell % bucket_count_ * request_.step_nano;
    const auto bucket = groups_->AddSpans(group_ids_[cell / bucket_count_], start, spans_[cell]);
    if (!bucket.ok()) return bucket.status();
    buckets_[cell] = *bucket;
  }
  return {};
}

Status MeasureColumns::AddMeasure(size_t measure) {
  switch (request_.measures[measure].kind) {
    case MeasureKind::kCount:
      ForEachCell([&](MeasureGroups::Bucket* bucket, size_t cell) {
        bucket->measures[measure].measured.count += spans_[cell];
      });
      return {};
    case MeasureKind::kSum:
      AddSums(measure);
      return {};
    case MeasureKind::kMin:
    case MeasureKind::kMax:
      AddBounds(measure);
      return {};
    case MeasureKind::kHistogram:
      break;
  }
  return AddHistograms(measure);
}

void MeasureColumns::AddSums(size_t measure) {
  const std::vector<uint64_t>& numbers = NumbersOf(measure);
  const RowColumns& columns = rows_.columns();
  std::vector<WideInteger> sums(spans_.size());
  ForEachRow([&](size_t i, uint32_t row) {
    const auto number = static_cast<int64_t>(numbers[row]);
    sums[cell_of_row_[i]] += static_cast<WideInteger>(number) * columns.WeightOf(row);
  });
  ForEachCell([&](MeasureGroups::Bucket* bucket, size_t cell) {
    bucket->measures[measure].whole += sums[cell];
    bucket->measures[measure].measured.count += spans_[cell];
  });
}

void MeasureColumns::AddBounds(size_t measure) {
  const std::vector<uint64_t>& numbers = NumbersOf(measure);
  const MeasureKind kind = request_.measures[measure].kind;
  const bool is_min = kind == MeasureKind::kMin;
  std::vector<int64_t> bounds(spans_.size(), is_min ? INT64_MAX : INT64_MIN);
  ForEachRow([&](size_t i, uint32_t row) {
    int64_t& bound = bounds[cell_of_row_[i]];
    const auto number = static_cast<int64_t>(numbers[row]);
    bound = is_min ? std::min(bound, number) : std::max(bound, number);
  });
  ForEachCell([&](MeasureGroups::Bucket* bucket, size_t cell) {
    AddNumber(kind, bounds[cell], spans_[cell], &bucket->measures[measure]);
  });
}

Status MeasureColumns::AddHistograms(size_t measure) {
  const std::vector<uint64_t>& numbers = NumbersOf(measure);
  // As ints, the largest ones are below zero.
  if (*std::max_element(numbers.begin(), numbers.end()) > INT64_MAX) return AddOneByOne(measure);
  FindBuckets(numbers);
  const auto [least, most] = std::minmax_element(bucket_of_row_.begin(), bucket_of_row_.end());
  const int32_t first = *least;
  const auto width = static_cast<size_t>(*most) - static_cast<size_t>(first) + 1;
  if (spans_.size() * width > kMaxCounts) return AddOneByOne(measure);
  SPANDREL_RETURN_IF_ERROR(memory_.GrowTo(spans_.size() * (kCellBytes + width * sizeof(uint64_t))));
  counts_.assign(spans_.size() * width, 0);
  const RowColumns& columns = rows_.columns();
  ForEachRow([&](size_t i, uint32_t row) {
    const size_t place = cell_of_row_[i] * width + static_cast<size_t>(bucket_of_row_[i] - first);
    counts_[place] += columns.WeightOf(row);
  });
  Status added;
  ForEachCell([&](MeasureGroups::Bucket* bucket, size_t cell) {
    if (!added.ok()) return;
    const std::span<const uint64_t> counts(&counts_[cell * width], width);
    const bool has_zeros = first == kZeroBucket;
    added = groups_->AddCounts(bucket, measure, has_zeros ? counts[0] : 0, first + has_zeros,
                               counts.subspan(has_zeros ? 1 : 0));
  });
  return added;
}

void MeasureColumns::FindBuckets(const std::vector<uint64_t>& numbers) {
  bucket_of_row_.resize(count_);
  if (all_match_) return LatencyHistogram::FindBuckets(numbers, bucket_of_row_);
  numbers_.resize(count_);
  for (size_t i = 0; i < matching_.size(); ++i) numbers_[i] = numbers[matching_[i]];
  LatencyHistogram::FindBuckets(numbers_, bucket_of_row_);
}

Status MeasureColumns::AddOneByOne(size_t measure) {
  const std::vector<uint64_t>& numbers = NumbersOf(measure);
  const RowColumns& columns = rows_.columns();
  Status added;
  ForEachRow([&](size_t i, uint32_t row) {
    if (!added.ok()) return;
    added = groups_->Add(buckets_[cell_of_row_[i]], measure, static_cast<int64_t>(numbers[row]),
                         columns.WeightOf(row));
  });
  return added;
}

Status MeasureColumns::AddExemplars() {
  const auto trace_ids = group_->TraceIds();
  if (!trace_ids.ok()) return {};
  const auto span_ids = group_->SpanIds();
  if (!span_ids.ok()) return {};
  const auto first_rows = group_->FirstRows();
  if (!first_rows.ok()) return {};
  Status added;
  uint32_t trace = 0;
  ForEachRow([&](size_t i, uint32_t row) {
    MeasureGroups::Bucket* const bucket = buckets_[cell_of_row_[i]];
    if (!added.ok() || !groups_->WantsExemplar(*bucket)) return;
    while ((**first_rows)[trace + 1] <= row) ++trace;
    storage::Exemplar exemplar{(*trace_ids)[trace], (*span_ids)[row], rows_.columns().starts()[row],
                               std::nullopt};
    if (request_.measures[0].field) exemplar.value = static_cast<int64_t>(NumbersOf(0)[row]);
    added = groups_->AddExemplar(bucket, exemplar);
  });
  return added;
}

const std::vector<uint64_t>& MeasureColumns::NumbersOf(size_t measure) const {
  const storage::FieldRef& field = *request_.measures[measure].field;
  const bool is_start = field == storage::FieldRef(Intrinsic::kStartTime);
  return is_start ? rows_.columns().starts() : rows_.columns().durations();
}

template <typename Visit>
void MeasureColumns::ForEachRow(Visit&& visit) const {
  if (all_match_) {
    for (uint32_t row = 0; row < count_; ++row) visit(row, row);
    return;
  }
  for (size_t i = 0; i < matching_.size(); ++i) visit(i, matching_[i]);
}

template <typename Visit>
void MeasureColumns::ForEachCell(Visit&& visit) const {
  for (size_t cell = 0; cell < buckets_.size(); ++cell) {
    if (buckets_[cell] != nullptr) visit(buckets_[cell], cell);
  }
}

}  // namespace spandrel::columnar
