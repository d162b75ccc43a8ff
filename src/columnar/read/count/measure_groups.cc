// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/measure_groups.h"

#include <algorithm>
#include <utility>

#include "storage/arithmetic.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using storage::MeasureKind;
using storage::Number;
using storage::ValueHistogram;

// What a bucket takes beside its measures, and a group beside its texts.
constexpr size_t kBucketBytes = 128;
constexpr size_t kGroupBytes = 256;

// Of equal numbers the int is kept.
bool ComesFirst(const Number& a, const Number& b) {
  const auto order = storage::CompareValues(storage::ViewOf(a), storage::ViewOf(b));
  return order < 0 || (order == 0 && a.index() < b.index());
}

bool ComesLast(const Number& a, const Number& b) {
  const auto order = storage::CompareValues(storage::ViewOf(a), storage::ViewOf(b));
  return order > 0 || (order == 0 && a.index() < b.index());
}

size_t BytesOf(const std::vector<storage::OptionalValue>& group) {
  size_t bytes = kGroupBytes + group.size() * sizeof(storage::OptionalValue);
  for (const storage::OptionalValue& value : group) {
    const auto* text = value ? std::get_if<std::string>(&*value) : nullptr;
    if (text != nullptr) bytes += text->size();
  }
  return bytes;
}

size_t BytesOf(const ValueHistogram& histogram) {
  return (histogram.positive().size() + histogram.negative().size()) *
         sizeof(ValueHistogram::Buckets::value_type);
}

storage::MeasureBucket Finished(uint64_t start, MeasureGroups::Bucket&& running) {
  storage::MeasureBucket bucket{start, running.spans, {}, std::move(running.exemplars)};
  bucket.measures.reserve(running.measures.size());
  for (RunningMeasure& measure : running.measures) {
    measure.measured.sum += static_cast<double>(measure.whole);
    bucket.measures.push_back(std::move(measure.measured));
  }
  return bucket;
}

}  // namespace

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

Result<uint32_t> MeasureGroups::IdOf(std::vector<storage::OptionalValue> group) {
  const size_t bytes = BytesOf(group);
  const auto [place, is_new] =
      ids_.try_emplace(std::move(group), static_cast<uint32_t>(groups_.size()));
  if (is_new) {
    SPANDREL_RETURN_IF_ERROR(Grow(bytes));
    groups_.emplace_back();
  }
  return place->second;
}

Result<MeasureGroups::Bucket*> MeasureGroups::AddSpans(uint32_t group, uint64_t start,
                                                       uint64_t spans) {
  Group& counted = groups_[group];
  const auto [place, is_new] = counted.buckets.try_emplace(BucketStart(start));
  Bucket& bucket = place->second;
  if (is_new) {
    SPANDREL_RETURN_IF_ERROR(
        Grow(kBucketBytes + sizeof(RunningMeasure) * request_.measures.size()));
    bucket.measures.resize(request_.measures.size());
  }
  counted.spans += spans;
  bucket.spans += spans;
  return &bucket;
}

uint64_t MeasureGroups::BucketStart(uint64_t start) const {
  const uint64_t origin = request_.start_time.min_unix_nano;
  const uint64_t step = request_.step_nano;
  return step == 0 ? origin : origin + (start - origin) / step * step;
}

Status MeasureGroups::Add(Bucket* bucket, size_t measure, const Number& number, uint64_t weight) {
  RunningMeasure& running = bucket->measures[measure];
  const size_t before = BytesOf(running.measured.histogram);
  AddNumber(request_.measures[measure].kind, number, weight, &running);
  return Grow(BytesOf(running.measured.histogram) - before);
}

Status MeasureGroups::AddCounts(Bucket* bucket, size_t measure, uint64_t zeros, int32_t first,
                                std::span<const uint64_t> counts) {
  storage::Measured& measured = bucket->measures[measure].measured;
  const size_t before = BytesOf(measured.histogram);
  const uint64_t counted = measured.histogram.count();
  measured.histogram.AddZeros(zeros);
  measured.histogram.AddRun(first, counts);
  measured.count += measured.histogram.count() - counted;
  return Grow(BytesOf(measured.histogram) - before);
}

Status MeasureGroups::AddExemplar(Bucket* bucket, const storage::Exemplar& exemplar) {
  bucket->exemplars.push_back(exemplar);
  return Grow(sizeof(exemplar));
}

storage::MeasureResult MeasureGroups::Finish() && {
  storage::MeasureResult result;
  std::vector<std::pair<uint64_t, storage::MeasureSeries>> series;
  for (const auto& [group, id] : ids_) {
    Group& counted = groups_[id];
    if (counted.buckets.empty()) continue;
    series.emplace_back(counted.spans, storage::MeasureSeries{group, {}});
    auto& buckets = series.back().second.buckets;
    buckets.reserve(counted.buckets.size());
    for (auto& [start, bucket] : counted.buckets) {
      buckets.push_back(Finished(start, std::move(bucket)));
    }
  }
  std::stable_sort(series.begin(), series.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  result.truncated = series.size() > request_.max_groups;
  if (result.truncated) series.resize(request_.max_groups);
  for (auto& [spans, one] : series) result.series.push_back(std::move(one));
  return result;
}

}  // namespace spandrel::columnar
