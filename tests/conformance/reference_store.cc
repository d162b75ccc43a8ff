// SPDX-License-Identifier: Apache-2.0
#include "conformance/reference_store.h"

#include <algorithm>
#include <tuple>

#include "conformance/kept_spans.h"

namespace spandrel::conformance {
namespace {

using span::SpanRef;
using span::SpanStatus;
using storage::TraceSummary;

// What an answer holds of each match, about.
constexpr size_t kMatchBytes = 256;

bool IsError(const SpanRef& span) {
  return span.entry().status == SpanStatus::kError;
}

bool StartsBefore(const SpanRef& a, const SpanRef& b) {
  return std::tuple(a.entry().start_time_unix_nano, a.entry().span_id) <
         std::tuple(b.entry().start_time_unix_nano, b.entry().span_id);
}

// What tells two spans of one trace apart: all their bytes and where they came from.
std::string Identity(const SpanRef& span) {
  std::string identity(span.span().message);
  identity += '\0';
  identity += span.scope().message;
  identity += '\0';
  identity += span.scope_schema_url();
  identity += '\0';
  identity += span.resource().message;
  identity += '\0';
  identity += span.resource_schema_url();
  return identity;
}

std::shared_ptr<const span::SpanChunk> ChunkOf(const span::SpanChunk& chunk, const SpanRef& span) {
  auto single = std::make_shared<span::SpanChunk>();
  single->buffer = chunk.buffer;
  single->resources = {span.resource_entry()};
  single->scopes = {span.scope_entry()};
  single->scopes[0].resource = 0;
  single->spans = {span.entry()};
  single->spans[0].scope = 0;
  return single;
}

std::vector<SpanRef> RefsOf(const std::vector<std::shared_ptr<const span::SpanChunk>>& chunks) {
  std::vector<SpanRef> spans;
  for (const auto& chunk : chunks) spans.emplace_back(*chunk, 0);
  return spans;
}

void AddRoot(const std::vector<SpanRef>& spans, TraceSummary* summary) {
  const auto is_root = [](const SpanRef& s) { return s.entry().parent_span_id.IsZero(); };
  const SpanRef* root = &spans[0];
  for (const SpanRef& span : spans) {
    const bool better_kind = is_root(span) && !is_root(*root);
    const bool earlier = is_root(span) == is_root(*root) && StartsBefore(span, *root);
    if (better_kind || earlier) root = &span;
  }
  summary->root_service = root->service_name();
  summary->root_name = root->name();
  summary->root_kind = root->entry().kind;
}

TraceSummary Summarize(const std::vector<SpanRef>& spans) {
  TraceSummary summary;
  summary.trace_id = spans[0].entry().trace_id;
  summary.start_time_unix_nano = UINT64_MAX;
  AddRoot(spans, &summary);
  std::set<span::SpanId> ids;
  std::map<std::string, storage::ServiceSummary> services;
  for (const SpanRef& span : spans) ids.insert(span.entry().span_id);
  for (const SpanRef& span : spans) {
    const span::SpanEntry& entry = span.entry();
    summary.start_time_unix_nano =
        std::min(summary.start_time_unix_nano, entry.start_time_unix_nano);
    summary.end_time_unix_nano = std::max(summary.end_time_unix_nano, entry.end_time_unix_nano);
    ++summary.span_count;
    summary.error_count += IsError(span) ? 1 : 0;
    const bool has_parent = !entry.parent_span_id.IsZero();
    summary.orphan_count += has_parent && !ids.contains(entry.parent_span_id) ? 1 : 0;
    auto& service = services[std::string(span.service_name())];
    service.name = span.service_name();
    ++service.span_count;
    service.error_count += IsError(span) ? 1 : 0;
  }
  for (auto& [name, service] : services) summary.services.push_back(service);
  return summary;
}

uint64_t WeightOf(const std::vector<SpanRef>& trace) {
  uint64_t weight = 1;
  for (const SpanRef& span : trace) weight = std::max<uint64_t>(weight, span.entry().weight);
  return weight;
}

// True when the result (key, id) comes behind the cursor.
bool IsAfter(uint64_t key, const span::TraceId& id, const storage::Cursor& cursor) {
  return key < cursor.key || (key == cursor.key && id > cursor.trace_id);
}

void CollectNames(span::AttributeReader attributes, storage::AttributeScope scope,
                  std::set<storage::AttributeName>* names) {
  while (const auto attribute = attributes.Next()) {
    names->insert({scope, std::string(attribute->key)});
  }
}

template <typename T>
std::vector<T> FirstOf(const std::set<T>& all, size_t limit) {
  std::vector<T> first;
  for (const T& item : all) {
    if (first.size() == limit) break;
    first.push_back(item);
  }
  return first;
}

using Groups = std::map<std::vector<std::string>, std::map<uint64_t, storage::AggregateBucket>>;

// One span or trace, as it is counted.
struct Counted {
  uint64_t start = 0;
  uint64_t duration = 0;
  bool error = false;
  uint64_t weight = 1;
};

void AddToGroup(const storage::AggregateRequest& request, std::vector<std::string> group,
                const Counted& counted, Groups* groups) {
  const uint64_t origin = request.start_time.min_unix_nano;
  const uint64_t step = request.step_nano;
  const uint64_t offset = counted.start > origin ? counted.start - origin : 0;
  const uint64_t at = step == 0 ? origin : origin + offset / step * step;
  auto& bucket = (*groups)[std::move(group)][at];
  bucket.start_time_unix_nano = at;
  bucket.count += counted.weight;
  bucket.error_count += counted.error ? counted.weight : 0;
  for (uint64_t i = 0; i < counted.weight; ++i) bucket.latency.Add(counted.duration);
}

uint64_t TotalCount(const storage::AggregateSeries& series) {
  uint64_t total = 0;
  for (const auto& bucket : series.buckets) total += bucket.count;
  return total;
}

storage::AggregateResult ToResult(Groups groups, size_t max_groups) {
  storage::AggregateResult result;
  for (auto& [group, buckets] : groups) {
    storage::AggregateSeries series{group, {}};
    for (auto& [start, bucket] : buckets) series.buckets.push_back(std::move(bucket));
    result.series.push_back(std::move(series));
  }
  std::stable_sort(result.series.begin(), result.series.end(),
                   [](const auto& a, const auto& b) { return TotalCount(a) > TotalCount(b); });
  result.truncated = result.series.size() > max_groups;
  if (result.truncated) result.series.resize(max_groups);
  return result;
}

}  // namespace

storage::StoreStats ReferenceStore::Stats() const {
  std::lock_guard lock(mutex_);
  storage::StoreStats stats;
  for (const auto& [id, spans] : traces_) stats.spans += spans.size();
  return stats;
}

void ReferenceStore::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
}

void ReferenceStore::Append(span::SpanBatch&& batch, storage::Completion done) {
  bool refused = false;
  {
    std::lock_guard lock(mutex_);
    refused = closed_;
    const span::SpanBatch kept = refused ? span::SpanBatch() : AsKept(batch, can_);
    for (const auto& chunk : kept.chunks()) {
      for (size_t i = 0; i < chunk->spans.size(); ++i) {
        const SpanRef span(*chunk, i);
        const span::TraceId& id = span.entry().trace_id;
        const bool is_new = known_spans_.emplace(id, Identity(span)).second;
        if (is_new || !can_.deduplicates) traces_[id].push_back(ChunkOf(*chunk, span));
      }
    }
  }
  done(refused ? base::Status(base::StatusCode::kUnavailable, "store: closed") : base::Status());
}

base::Result<span::SpanBatch> ReferenceStore::GetTrace(const storage::QueryContext& context,
                                                       const span::TraceId& trace_id) {
  SPANDREL_RETURN_IF_ERROR(context.Check());
  std::lock_guard lock(mutex_);
  const auto found = traces_.find(trace_id);
  if (found == traces_.end()) return base::Status(base::StatusCode::kNotFound, "trace not found");
  auto spans = found->second;
  std::stable_sort(spans.begin(), spans.end(), [](const auto& a, const auto& b) {
    return StartsBefore(SpanRef(*a, 0), SpanRef(*b, 0));
  });
  span::SpanBatch trace;
  for (auto& span : spans) trace.Append(std::move(span));
  storage::QueryMemory memory(context);
  SPANDREL_RETURN_IF_ERROR(memory.Grow(trace.byte_size()));
  return trace;
}

base::Status ReferenceStore::ForEachMatch(const storage::QueryContext& context,
                                          const storage::Predicate& where, storage::TimeRange range,
                                          const Visit& visit) {
  SPANDREL_RETURN_IF_ERROR(context.Check());
  auto evaluator = storage::Evaluator::Make(context, where);
  if (!evaluator.ok()) return evaluator.status();
  storage::QueryMemory memory(context);
  for (const auto& [id, spans] : traces_) {
    for (const SpanRef& span : RefsOf(spans)) {
      if (!range.Contains(span.entry().start_time_unix_nano)) continue;
      if (!(*evaluator)->Matches(span)) continue;
      SPANDREL_RETURN_IF_ERROR(memory.Grow(kMatchBytes));
      visit(span);
    }
  }
  return {};
}

base::Result<storage::SearchResult> ReferenceStore::Search(const storage::QueryContext& context,
                                                           const storage::SearchRequest& request) {
  std::lock_guard lock(mutex_);
  struct Found {
    uint64_t newest_match = 0;
    uint64_t matched = 0;
  };
  std::map<span::TraceId, Found> found;
  SPANDREL_RETURN_IF_ERROR(
      ForEachMatch(context, request.where, request.start_time, [&](const SpanRef& span) {
        Found& entry = found[span.entry().trace_id];
        entry.newest_match = std::max(entry.newest_match, span.entry().start_time_unix_nano);
        ++entry.matched;
      }));
  std::vector<std::pair<uint64_t, TraceSummary>> ordered;
  for (const auto& [id, entry] : found) {
    TraceSummary summary = Summarize(RefsOf(traces_[id]));
    summary.matched_count = entry.matched;
    const bool newest = request.order == storage::Order::kNewest;
    const uint64_t key = newest ? entry.newest_match : summary.duration_nano();
    if (request.after && !IsAfter(key, id, *request.after)) continue;
    ordered.emplace_back(key, std::move(summary));
  }
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second.trace_id < b.second.trace_id;
  });
  storage::SearchResult result;
  const size_t count = std::min(request.limit, ordered.size());
  for (size_t i = 0; i < count; ++i) result.traces.push_back(std::move(ordered[i].second));
  if (count > 0 && ordered.size() > count) {
    result.next = storage::Cursor{ordered[count - 1].first, result.traces.back().trace_id};
  }
  return result;
}

base::Result<storage::AggregateResult> ReferenceStore::Aggregate(
    const storage::QueryContext& context, const storage::AggregateRequest& request) {
  const bool by_trace = request.unit == storage::CountUnit::kTraces;
  if (request.group_by.size() > 3 || (by_trace && !request.group_by.empty())) {
    return base::Status(base::StatusCode::kInvalidArgument, "too many group_by fields");
  }
  std::lock_guard lock(mutex_);
  Groups groups;
  std::set<span::TraceId> matching_traces;
  SPANDREL_RETURN_IF_ERROR(
      ForEachMatch(context, request.where, request.start_time, [&](const SpanRef& span) {
        if (by_trace) {
          matching_traces.insert(span.entry().trace_id);
          return;
        }
        std::vector<std::string> group;
        for (const auto& field : request.group_by) {
          group.push_back(storage::FieldText(field, span).value_or(""));
        }
        AddToGroup(request, std::move(group),
                   {span.entry().start_time_unix_nano, span.entry().duration_nano(), IsError(span),
                    span.entry().weight},
                   &groups);
      }));
  for (const span::TraceId& id : matching_traces) {
    const TraceSummary summary = Summarize(RefsOf(traces_[id]));
    AddToGroup(request, {},
               {summary.start_time_unix_nano, summary.duration_nano(), summary.error_count > 0,
                WeightOf(RefsOf(traces_[id]))},
               &groups);
  }
  return ToResult(std::move(groups), request.max_groups);
}

base::Result<std::vector<std::string>> ReferenceStore::Services(
    const storage::QueryContext& context) {
  SPANDREL_RETURN_IF_ERROR(context.Check());
  std::lock_guard lock(mutex_);
  storage::QueryMemory memory(context);
  std::set<std::string> names;
  for (const auto& [id, spans] : traces_) {
    for (const SpanRef& span : RefsOf(spans)) names.emplace(span.service_name());
    SPANDREL_RETURN_IF_ERROR(memory.GrowTo(names.size() * kMatchBytes));
  }
  return FirstOf(names, names.size());
}

base::Result<std::vector<storage::Operation>> ReferenceStore::Operations(
    const storage::QueryContext& context, std::string_view service) {
  SPANDREL_RETURN_IF_ERROR(context.Check());
  std::lock_guard lock(mutex_);
  storage::QueryMemory memory(context);
  std::set<storage::Operation> operations;
  for (const auto& [id, spans] : traces_) {
    for (const SpanRef& span : RefsOf(spans)) {
      if (!service.empty() && span.service_name() != service) continue;
      operations.insert({std::string(span.name()), span.entry().kind});
    }
    SPANDREL_RETURN_IF_ERROR(memory.GrowTo(operations.size() * kMatchBytes));
  }
  return FirstOf(operations, operations.size());
}

base::Result<std::vector<storage::AttributeName>> ReferenceStore::TagNames(
    const storage::QueryContext& context, const storage::Predicate& where, storage::TimeRange range,
    size_t limit) {
  using storage::AttributeScope;
  std::lock_guard lock(mutex_);
  std::set<storage::AttributeName> names;
  SPANDREL_RETURN_IF_ERROR(ForEachMatch(context, where, range, [&](const SpanRef& ref) {
    const span::SpanView span = ref.span();
    CollectNames(span.attributes(), AttributeScope::kSpan, &names);
    CollectNames(ref.resource().attributes(), AttributeScope::kResource, &names);
    CollectNames(ref.scope().attributes(), AttributeScope::kInstrumentation, &names);
    auto events = span.events();
    while (const auto event = events.Next()) {
      CollectNames(span::EventView(*event).attributes(), AttributeScope::kEvent, &names);
    }
    auto links = span.links();
    while (const auto link = links.Next()) {
      CollectNames(span::LinkView(*link).attributes(), AttributeScope::kLink, &names);
    }
  }));
  return FirstOf(names, limit);
}

base::Result<std::vector<std::string>> ReferenceStore::TagValues(
    const storage::QueryContext& context, const storage::Field& field,
    const storage::Predicate& where, storage::TimeRange range, size_t limit) {
  std::lock_guard lock(mutex_);
  std::set<std::string> values;
  SPANDREL_RETURN_IF_ERROR(ForEachMatch(context, where, range, [&](const SpanRef& span) {
    if (auto text = storage::FieldText(field, span)) values.insert(*std::move(text));
  }));
  return FirstOf(values, limit);
}

base::Result<std::vector<storage::Dependency>> ReferenceStore::Dependencies(
    const storage::QueryContext& context, storage::TimeRange range) {
  SPANDREL_RETURN_IF_ERROR(context.Check());
  std::lock_guard lock(mutex_);
  storage::QueryMemory memory(context);
  std::map<std::pair<std::string, std::string>, storage::Dependency> calls;
  for (const auto& [id, chunks] : traces_) {
    const std::vector<SpanRef> spans = RefsOf(chunks);
    SPANDREL_RETURN_IF_ERROR(memory.GrowTo((spans.size() + calls.size()) * kMatchBytes));
    std::map<span::SpanId, std::string> service_of;
    for (const SpanRef& span : spans) service_of.emplace(span.entry().span_id, span.service_name());
    for (const SpanRef& span : spans) {
      const auto parent = service_of.find(span.entry().parent_span_id);
      if (!range.Contains(span.entry().start_time_unix_nano) || parent == service_of.end() ||
          parent->second == span.service_name()) {
        continue;
      }
      const std::string child(span.service_name());
      storage::Dependency& call = calls[{parent->second, child}];
      call.parent = parent->second;
      call.child = child;
      const uint64_t weight = span.entry().weight;
      call.call_count += weight;
      call.error_count += IsError(span) ? weight : 0;
      for (uint64_t i = 0; i < weight; ++i) call.latency.Add(span.entry().duration_nano());
    }
  }
  std::vector<storage::Dependency> dependencies;
  for (auto& [pair, call] : calls) dependencies.push_back(std::move(call));
  return dependencies;
}

}  // namespace spandrel::conformance
