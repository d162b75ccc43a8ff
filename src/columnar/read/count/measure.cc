// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/measure.h"

#include <algorithm>
#include <map>
#include <utility>

#include "columnar/read/scan/row_walk.h"
#include "storage/arithmetic.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using storage::MeasureKind;
using storage::Number;

// What a bucket takes, of each measure one too.
constexpr size_t kBucketBytes = 512;
// What a group takes beside its texts.
constexpr size_t kGroupBytes = 256;

// Not ISO C++, but both compilers have it.
__extension__ typedef __int128 WideInteger;

// Ints are added up apart, so that nothing of them is lost.
struct RunningMeasure {
  storage::Measured measured;
  WideInteger whole = 0;
};

struct RunningBucket {
  uint64_t spans = 0;
  std::vector<RunningMeasure> measures;
  std::vector<storage::Exemplar> exemplars;
};

struct RunningGroup {
  uint64_t spans = 0;
  std::map<uint64_t, RunningBucket> buckets;  // by start
};

// Of equal numbers the int is kept.
bool ComesFirst(const Number& a, const Number& b) {
  const auto order = storage::CompareValues(storage::ViewOf(a), storage::ViewOf(b));
  return order < 0 || (order == 0 && a.index() < b.index());
}

bool ComesLast(const Number& a, const Number& b) {
  const auto order = storage::CompareValues(storage::ViewOf(a), storage::ViewOf(b));
  return order > 0 || (order == 0 && a.index() < b.index());
}

void AddNumber(MeasureKind kind, const Number& number, uint64_t weight, RunningMeasure* to) {
  storage::Measured& measured = to->measured;
  measured.count += weight;
  switch (kind) {
    case MeasureKind::kCount:
      break;
    case MeasureKind::kSum:
      if (const auto* whole = std::get_if<int64_t>(&number)) {
        to->whole += static_cast<WideInteger>(*whole) * weight;
      } else {
        measured.sum += std::get<double>(number) * static_cast<double>(weight);
      }
      break;
    case MeasureKind::kMin:
      if (!measured.min || ComesFirst(number, *measured.min)) measured.min = number;
      break;
    case MeasureKind::kMax:
      if (!measured.max || ComesLast(number, *measured.max)) measured.max = number;
      break;
    case MeasureKind::kHistogram:
      measured.histogram.Add(storage::AsDouble(number), weight);
      break;
  }
}

size_t BytesOf(const std::vector<storage::OptionalValue>& group) {
  size_t bytes = kGroupBytes + group.size() * sizeof(storage::OptionalValue);
  for (const storage::OptionalValue& value : group) {
    const auto* text = value ? std::get_if<std::string>(&*value) : nullptr;
    if (text != nullptr) bytes += text->size();
  }
  return bytes;
}

class Measurer {
 public:
  Measurer(const storage::QueryContext& context, const storage::MeasureRequest& request)
      : request_(request), memory_(context) {}

  // RESOURCE_EXHAUSTED when the query has no memory for a new group or bucket.
  Status Add(const span::SpanRef& span, const storage::FieldSource& row) {
    std::vector<storage::OptionalValue> group;
    group.reserve(request_.group_by.size());
    for (const auto& field : request_.group_by) group.push_back(storage::FirstValue(field, row));
    const size_t group_bytes = BytesOf(group);
    const auto [place, is_new] = groups_.try_emplace(std::move(group));
    if (is_new) SPANDREL_RETURN_IF_ERROR(memory_.Grow(group_bytes));
    RunningGroup& counted = place->second;
    const span::SpanEntry& entry = span.entry();
    counted.spans += entry.weight;
    RunningBucket& bucket = BucketAt(&counted, entry.start_time_unix_nano);
    if (bucket.measures.empty()) SPANDREL_RETURN_IF_ERROR(Prepare(&bucket));
    bucket.spans += entry.weight;
    for (size_t i = 0; i < bucket.measures.size(); ++i) {
      const storage::Measure& measure = request_.measures[i];
      const auto number =
          measure.field ? storage::FirstNumber(*measure.field, row) : Number(int64_t{0});
      if (number) AddNumber(measure.kind, *number, entry.weight, &bucket.measures[i]);
    }
    if (bucket.exemplars.size() == request_.exemplars) return {};
    AddExemplar(entry, row, &bucket);
    return memory_.Grow(sizeof(storage::Exemplar));
  }

  storage::MeasureResult Finish() && {
    storage::MeasureResult result;
    std::vector<std::pair<uint64_t, storage::MeasureSeries>> series;
    for (auto& [group, counted] : groups_) {
      series.emplace_back(counted.spans, storage::MeasureSeries{group, FinishBuckets(counted)});
    }
    std::stable_sort(series.begin(), series.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    result.truncated = series.size() > request_.max_groups;
    if (result.truncated) series.resize(request_.max_groups);
    for (auto& [spans, one] : series) result.series.push_back(std::move(one));
    return result;
  }

 private:
  RunningBucket& BucketAt(RunningGroup* group, uint64_t start) const {
    const uint64_t origin = request_.start_time.min_unix_nano;
    const uint64_t step = request_.step_nano;
    return group->buckets[step == 0 ? origin : origin + (start - origin) / step * step];
  }

  Status Prepare(RunningBucket* bucket) {
    bucket->measures.resize(request_.measures.size());
    return memory_.Grow(kBucketBytes * (1 + request_.measures.size()));
  }

  void AddExemplar(const span::SpanEntry& entry, const storage::FieldSource& row,
                   RunningBucket* bucket) const {
    const auto& field = request_.measures[0].field;
    bucket->exemplars.push_back({entry.trace_id, entry.span_id, entry.start_time_unix_nano,
                                 field ? storage::FirstNumber(*field, row) : std::nullopt});
  }

  static std::vector<storage::MeasureBucket> FinishBuckets(RunningGroup& group) {
    std::vector<storage::MeasureBucket> buckets;
    for (auto& [start, running] : group.buckets) {
      storage::MeasureBucket bucket{start, running.spans, {}, std::move(running.exemplars)};
      for (RunningMeasure& measure : running.measures) {
        measure.measured.sum += static_cast<double>(measure.whole);
        bucket.measures.push_back(std::move(measure.measured));
      }
      buckets.push_back(std::move(bucket));
    }
    return buckets;
  }

  const storage::MeasureRequest& request_;
  std::map<std::vector<storage::OptionalValue>, RunningGroup, storage::ValueLess> groups_;
  storage::QueryMemory memory_;
};

}  // namespace

Result<storage::MeasureResult> MeasureSpans(const storage::QueryContext& context,
                                            const Snapshot& snapshot,
                                            const storage::MeasureRequest& request) {
  SPANDREL_RETURN_IF_ERROR(storage::ValidateRequest(request));
  std::vector<storage::FieldRef> fields = request.group_by;
  for (const storage::Measure& measure : request.measures) {
    if (measure.field) fields.push_back(*measure.field);
  }
  const Result<Question> question =
      Question::Make(context, {request.where, request.start_time, std::move(fields)});
  if (!question.ok()) return question.status();
  Measurer measurer(context, request);
  const auto add = [&](const span::SpanRef& span, const storage::FieldSource& row, uint64_t) {
    return measurer.Add(span, row);
  };
  SPANDREL_RETURN_IF_ERROR(WalkRows(context, snapshot, *question, add));
  return std::move(measurer).Finish();
}

}  // namespace spandrel::columnar
