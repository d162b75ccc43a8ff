// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/minute_counts.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "columnar/read/match/predicate_fields.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using span::SpanStatus;

// When the spans of a key start, at the earliest and at the latest.
struct Starts {
  uint64_t first = 0;
  uint64_t last = 0;
};

Starts StartsOf(const LatencyKey& key, const GroupRecord& facts) {
  const uint64_t minute =
      key.minute > UINT64_MAX / kMinuteNano ? UINT64_MAX : key.minute * kMinuteNano;
  const uint64_t end = minute > UINT64_MAX - kMinuteNano ? UINT64_MAX : minute + (kMinuteNano - 1);
  return {std::max(minute, facts.min_start), std::min(end, facts.max_start)};
}

size_t PlaceOf(uint32_t resource, bool error) {
  return size_t{resource} * 2 + (error ? 1 : 0);
}

}  // namespace

bool MinuteCounts::MayAnswer(const storage::AggregateRequest& request) {
  return request.unit == storage::CountUnit::kSpans && AllFields(request.where, IsServiceField) &&
         std::all_of(request.group_by.begin(), request.group_by.end(), IsServiceField);
}

MinuteCounts::MinuteCounts(const storage::AggregateRequest& request,
                           std::shared_ptr<const storage::Evaluator> evaluator, SpanGroups* groups)
    : request_(request), evaluator_(std::move(evaluator)), groups_(groups) {}

bool MinuteCounts::Add(const Part& part, uint32_t source, uint32_t group) {
  if (part.IsGroupDamaged(group)) return false;
  const Verdicts* const verdicts = VerdictsOf(part, source);
  if (verdicts == nullptr) return false;
  const Result<std::string> bytes = part.Latencies(group);
  if (!bytes.ok()) return false;
  if (!ParseLatencyTable(*bytes, verdicts->size() / 2, &table_).ok()) return false;
  const GroupRecord& facts = part.footer().groups[group];
  const auto can_add = [&](const LatencyRecord& record) {
    const LatencyKey& key = record.key;
    const Verdict& verdict = (*verdicts)[PlaceOf(key.resource, key.error)];
    if (!verdict.is_known) return false;
    return !verdict.group || OverlapOf(key, facts) != Overlap::kCut;
  };
  if (!std::all_of(table_.begin(), table_.end(), can_add)) return false;
  for (const LatencyRecord& record : table_) {
    const Verdict& verdict = (*verdicts)[PlaceOf(record.key.resource, record.key.error)];
    if (!verdict.group || OverlapOf(record.key, facts) == Overlap::kNone) continue;
    AddRecord(*verdict.group, record, facts);
  }
  return true;
}

const MinuteCounts::Verdicts* MinuteCounts::VerdictsOf(const Part& part, uint32_t source) {
  if (verdicts_.size() <= source) verdicts_.resize(source + 1);
  if (!verdicts_[source]) {
    const auto dictionary = part.LoadDictionary();
    if (!dictionary.ok()) return nullptr;
    verdicts_[source] = Judge(**dictionary);
  }
  return &*verdicts_[source];
}

MinuteCounts::Verdicts MinuteCounts::Judge(const Dictionary& dictionary) {
  span::SpanChunk probe = SharedChunk(dictionary);
  probe.spans.resize(1);
  probe.scopes.assign(1, {});
  Verdicts verdicts(probe.resources.size() * 2);
  std::unordered_map<std::string_view, uint32_t> first_of_service;
  for (uint32_t resource = 0; resource < probe.resources.size(); ++resource) {
    const uint32_t first =
        first_of_service.emplace(dictionary.ServiceAt(resource), resource).first->second;
    for (const bool error : {false, true}) {
      const Verdict verdict = JudgeResource(&probe, resource, error);
      Verdict& of_service = verdicts[PlaceOf(first, error)];
      if (first == resource) of_service = verdict;
      if (of_service != verdict) of_service.is_known = false;
    }
  }
  return verdicts;
}

MinuteCounts::Verdict MinuteCounts::JudgeResource(span::SpanChunk* probe, uint32_t resource,
                                                  bool error) {
  probe->scopes[0].resource = resource;
  SpanStatus& status = probe->spans[0].status;
  status = error ? SpanStatus::kError : SpanStatus::kUnset;
  Verdict verdict = JudgeSpan({*probe, 0});
  if (error) return verdict;
  status = SpanStatus::kOk;
  if (JudgeSpan({*probe, 0}) != verdict) verdict.is_known = false;
  return verdict;
}

MinuteCounts::Verdict MinuteCounts::JudgeSpan(const span::SpanRef& span) {
  if (!evaluator_->Matches(span)) return {};
  std::vector<std::string> group;
  for (const storage::Field& field : request_.group_by) {
    group.push_back(storage::FieldText(field, span).value_or(""));
  }
  return {true, groups_->IdOf(group)};
}

MinuteCounts::Overlap MinuteCounts::OverlapOf(const LatencyKey& key,
                                              const GroupRecord& facts) const {
  const Starts starts = StartsOf(key, facts);
  const storage::TimeRange& range = request_.start_time;
  if (starts.last < range.min_unix_nano || starts.first >= range.max_unix_nano) {
    return Overlap::kNone;
  }
  const bool whole = range.Contains(starts.first) && range.Contains(starts.last) &&
                     groups_->BucketStart(starts.first) == groups_->BucketStart(starts.last);
  return whole ? Overlap::kWhole : Overlap::kCut;
}

void MinuteCounts::AddRecord(uint32_t group, const LatencyRecord& record,
                             const GroupRecord& facts) {
  storage::AggregateBucket& bucket = groups_->BucketAt(group, StartsOf(record.key, facts).first);
  const uint64_t before = bucket.latency.count();
  bucket.latency.AddZeros(record.zero_count);
  AddBuckets(record.buckets, &bucket.latency);
  const uint64_t added = bucket.latency.count() - before;
  bucket.count += added;
  bucket.error_count += record.key.error ? added : 0;
}

}  // namespace spandrel::columnar
