// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/dependencies.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "columnar/read/scan.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using span::SpanRef;

using Calls = std::map<std::pair<std::string, std::string>, storage::Dependency, std::less<>>;

void AddCall(std::string_view parent, const SpanRef& child, Calls* calls) {
  const std::pair<std::string, std::string> key(parent, child.service_name());
  storage::Dependency& call = (*calls)[key];
  if (call.call_count == 0) {
    call.parent = key.first;
    call.child = key.second;
  }
  ++call.call_count;
  call.error_count += child.entry().status == span::SpanStatus::kError ? 1 : 0;
  call.latency.Add(child.entry().duration_nano());
}

// The calls of one trace: a child's parent is the earliest span that has the wanted id.
void AddCallsOf(const std::vector<SpanRef>& spans, storage::TimeRange range, Calls* calls) {
  std::vector<std::pair<span::SpanId, uint32_t>> by_id;
  by_id.reserve(spans.size());
  for (uint32_t i = 0; i < spans.size(); ++i) by_id.emplace_back(spans[i].entry().span_id, i);
  std::sort(by_id.begin(), by_id.end());
  for (const SpanRef& span : spans) {
    const span::SpanEntry& entry = span.entry();
    if (!range.Contains(entry.start_time_unix_nano)) continue;
    const auto parent =
        std::lower_bound(by_id.begin(), by_id.end(), std::pair(entry.parent_span_id, uint32_t{0}));
    if (parent == by_id.end() || parent->first != entry.parent_span_id) continue;
    const std::string_view service = spans[parent->second].service_name();
    if (service != span.service_name()) AddCall(service, span, calls);
  }
}

}  // namespace

Result<std::vector<storage::Dependency>> FindDependencies(const Snapshot& snapshot,
                                                          storage::TimeRange range) {
  const Result<Matcher> all = Matcher::Make(storage::Predicate::All(), range);
  if (!all.ok()) return all.status();
  Scan scan(snapshot);
  std::unordered_set<span::TraceId, span::IdHash> traces_in_range;
  SPANDREL_RETURN_IF_ERROR(scan.VisitAll(*all, Content::kLight, [&](const SpanRef& span) {
    if (!span.entry().parent_span_id.IsZero()) traces_in_range.insert(span.entry().trace_id);
  }));
  Calls calls;
  TraceFetch traces(scan);
  for (const span::TraceId& id : traces_in_range) {
    const auto spans = traces.Load(id, Content::kLight);
    if (!spans.ok()) return spans.status();
    AddCallsOf(**spans, range, &calls);
  }
  std::vector<storage::Dependency> dependencies;
  for (auto& [services, call] : calls) dependencies.push_back(std::move(call));
  return dependencies;
}

}  // namespace spandrel::columnar
