// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "query/promql/counts.h"
#include "span/span_batch.h"
#include "storage/latency_histogram.h"
#include "storage/value.h"

namespace spandrel::query {
namespace {

using base::Result;
using base::Status;
using storage::CompareOp;
using storage::Intrinsic;
using storage::LatencyHistogram;
using storage::Predicate;

constexpr std::string_view kKindPrefix = "SPAN_KIND_";
constexpr std::string_view kStatusPrefix = "STATUS_CODE_";
// What the counts of a bucket take, about.
constexpr size_t kBucketBytes = 2 * sizeof(TimedCounts);

struct LabelField {
  std::string_view label;
  Intrinsic field;
  std::string_view prefix;  // of what the store calls it, in upper case; empty: as it is
};
constexpr std::array<LabelField, 4> kFields = {
    {{"service", Intrinsic::kServiceName, ""},
     {"span_kind", Intrinsic::kKind, kKindPrefix},
     {"span_name", Intrinsic::kName, ""},
     {"status_code", Intrinsic::kStatus, kStatusPrefix}}};

std::string LabelText(const LabelField& field, std::string_view stored) {
  if (field.prefix.empty()) return std::string(stored);
  std::string text(field.prefix);
  for (const char c : stored) text.push_back(static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c));
  return text;
}

std::vector<std::string_view> WordsOf(Intrinsic field) {
  if (field == Intrinsic::kStatus) return {"unset", "ok", "error"};
  return {"unspecified", "internal", "server", "client", "producer", "consumer"};
}

// True of the spans whose word has a label that the matchers want.
void AppendWords(const LabelMatchers& matchers, const LabelField& field,
                 std::vector<Predicate>* conditions) {
  const std::vector<std::string_view> words = WordsOf(field.field);
  std::vector<Predicate> wanted;
  for (const std::string_view word : words) {
    if (!matchers.Hold(field.label, LabelText(field, word))) continue;
    wanted.push_back(Predicate::Compare(field.field, CompareOp::kEqual, std::string(word)));
  }
  if (wanted.size() < words.size()) conditions->push_back(Predicate::Or(std::move(wanted)));
}

Predicate ConditionOf(const LabelMatchers& matchers) {
  std::vector<Predicate> conditions;
  for (const LabelField& field : kFields) {
    if (!field.prefix.empty()) {
      AppendWords(matchers, field, &conditions);
    } else {
      matchers.AppendConditions(field.label, field.field, &conditions);
    }
  }
  return Predicate::And(std::move(conditions));
}

// The longest duration in the buckets below that of `duration`.
uint64_t LongestBelow(uint64_t duration) {
  const int32_t bucket = LatencyHistogram::BucketOf(duration);
  auto longest = static_cast<uint64_t>(LatencyHistogram::UpperBound(bucket - 1));
  while (LatencyHistogram::BucketOf(longest) >= bucket) --longest;
  while (LatencyHistogram::BucketOf(longest + 1) < bucket) ++longest;
  return longest;
}

// True of durations that share a bucket of the store's histogram with a bound and are at most as
// long: all that a histogram does not say of bounds.
Predicate BesideBounds() {
  std::vector<Predicate> any;
  for (const uint64_t bound : BoundsOf(MetricFamily::kSpans)) {
    const auto compare = [](CompareOp op, uint64_t duration) {
      return Predicate::Compare(Intrinsic::kDuration, op, static_cast<int64_t>(duration));
    };
    any.push_back(Predicate::And({compare(CompareOp::kGreater, LongestBelow(bound)),
                                  compare(CompareOp::kLessOrEqual, bound)}));
  }
  return Predicate::Or(std::move(any));
}

uint64_t CountIn(const storage::ValueHistogram& histogram, int32_t bucket) {
  for (const auto& [number, count] : histogram.positive()) {
    if (number == bucket) return count;
  }
  return 0;
}

// How many are at most as long as each bound; `beside` counts those of BesideBounds.
std::vector<uint64_t> UpTo(const storage::ValueHistogram& all,
                           const storage::ValueHistogram* beside) {
  std::vector<uint64_t> up_to;
  auto at = all.positive().begin();
  uint64_t below = all.zero_count();
  for (const uint64_t bound : BoundsOf(MetricFamily::kSpans)) {
    const int32_t bucket = LatencyHistogram::BucketOf(bound);
    for (; at != all.positive().end() && at->first < bucket; ++at) below += at->second;
    up_to.push_back(below + (beside == nullptr ? 0 : CountIn(*beside, bucket)));
  }
  return up_to;
}

class SpanCounts {
 public:
  SpanCounts(const storage::QueryContext& context, storage::Reader& reader,
             const CountsRequest& request)
      : reader_(reader), context_(context), request_(request), memory_(context) {
    measure_.start_time = {request.min_unix_nano, request.max_unix_nano + 1};
    measure_.step_nano = request.step_nano;
    measure_.max_groups = request.max_groups;
    for (const LabelField& field : kFields) {
      const auto& labels = request.labels;
      if (std::find(labels.begin(), labels.end(), field.label) == labels.end()) continue;
      fields_.push_back(&field);
      measure_.group_by.emplace_back(field.field);
    }
  }

  Result<std::vector<LabelledCounts>> Run() {
    const Predicate condition = ConditionOf(request_.matchers);
    if (request_.bounds) SPANDREL_RETURN_IF_ERROR(ReadBesideBounds(condition));
    measure_.where = condition;
    measure_.measures.clear();
    const bool histogram = request_.bounds || request_.native;
    const storage::FieldRef duration = Intrinsic::kDuration;
    if (request_.sums) measure_.measures.push_back({storage::MeasureKind::kSum, duration});
    if (histogram) measure_.measures.push_back({storage::MeasureKind::kHistogram, duration});
    if (measure_.measures.empty()) measure_.measures.emplace_back();
    auto measured = reader_.Measure(context_, measure_);
    if (!measured.ok()) return measured.status();
    if (measured->truncated) return TooManySeries(request_.max_groups);
    return Taken(std::move(measured->series));
  }

 private:
  using Group = std::vector<storage::OptionalValue>;

  Status ReadBesideBounds(const Predicate& condition) {
    measure_.where = Predicate::And({condition, BesideBounds()});
    measure_.measures = {
        {storage::MeasureKind::kHistogram, storage::FieldRef(Intrinsic::kDuration)}};
    auto measured = reader_.Measure(context_, measure_);
    if (!measured.ok()) return measured.status();
    if (measured->truncated) return TooManySeries(request_.max_groups);
    for (storage::MeasureSeries& series : measured->series) {
      SPANDREL_RETURN_IF_ERROR(memory_.Grow(series.buckets.size() * kBucketBytes));
      auto& by_start = beside_[std::move(series.group)];
      for (auto& bucket : series.buckets) {
        by_start[bucket.start_time_unix_nano] = std::move(bucket.measures[0].histogram);
      }
    }
    return {};
  }

  Result<std::vector<LabelledCounts>> Taken(std::vector<storage::MeasureSeries> all) {
    std::vector<LabelledCounts> counts;
    for (storage::MeasureSeries& series : all) {
      SPANDREL_RETURN_IF_ERROR(context_.Check());
      SPANDREL_RETURN_IF_ERROR(memory_.Grow(series.buckets.size() * kBucketBytes));
      LabelledCounts& group = counts.emplace_back();
      for (size_t i = 0; i < fields_.size(); ++i) {
        const auto& value = series.group[i];
        AddLabel(fields_[i]->label,
                 value ? LabelText(*fields_[i], storage::ValueText(*value)) : std::string(),
                 &group.labels);
      }
      const auto beside = beside_.find(series.group);
      for (storage::MeasureBucket& bucket : series.buckets) {
        group.buckets.push_back(
            Counted(&bucket, beside == beside_.end() ? nullptr : &beside->second));
      }
    }
    return counts;
  }

  using ByStart = std::map<uint64_t, storage::ValueHistogram>;

  TimedCounts Counted(storage::MeasureBucket* bucket, const ByStart* beside) const {
    TimedCounts counts;
    counts.last_unix_nano =
        std::min(bucket->start_time_unix_nano + (request_.step_nano - 1), request_.max_unix_nano);
    counts.total = bucket->spans;
    DurationCounts& durations = counts.durations[kServerSide];
    durations.count = bucket->spans;
    if (request_.sums) {
      durations.sum_nano = static_cast<uint64_t>(std::llround(bucket->measures.front().sum));
    }
    if (request_.bounds || request_.native) {
      durations.native = std::move(bucket->measures.back().histogram);
    }
    if (request_.bounds) {
      const storage::ValueHistogram* of_bucket = nullptr;
      if (beside != nullptr) {
        const auto found = beside->find(bucket->start_time_unix_nano);
        if (found != beside->end()) of_bucket = &found->second;
      }
      durations.up_to = UpTo(durations.native, of_bucket);
    }
    return counts;
  }

  storage::Reader& reader_;
  const storage::QueryContext& context_;
  const CountsRequest& request_;
  storage::QueryMemory memory_;
  storage::MeasureRequest measure_;
  std::vector<const LabelField*> fields_;  // of measure_.group_by
  std::map<Group, ByStart, storage::ValueLess> beside_;
};

}  // namespace

Status TooManySeries(size_t most) {
  return {base::StatusCode::kResourceExhausted,
          fmt::format("more than {} series; narrow them with labels, or sum them by fewer", most)};
}

Result<std::vector<LabelledCounts>> CountSpans(const storage::QueryContext& context,
                                               storage::Reader& reader,
                                               const CountsRequest& request) {
  return SpanCounts(context, reader, request).Run();
}

}  // namespace spandrel::query
