// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/traces/summary.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace spandrel::columnar {
namespace {

using span::SpanRef;

void SetRoot(const std::vector<FoundSpan>& spans, storage::TraceSummary* summary) {
  const auto found = std::find_if(spans.begin(), spans.end(), [](const FoundSpan& found) {
    return found.span.entry().parent_span_id.IsZero();
  });
  const SpanRef& root = found == spans.end() ? spans.front().span : found->span;
  summary->root_service = root.service_name();
  summary->root_name = root.name();
  summary->root_kind = root.entry().kind;
}

std::vector<span::SpanId> SortedIds(const std::vector<FoundSpan>& spans) {
  std::vector<span::SpanId> ids;
  ids.reserve(spans.size());
  for (const FoundSpan& found : spans) ids.push_back(found.span.entry().span_id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

SummarizedTrace Summarize(const std::vector<FoundSpan>& spans) {
  SummarizedTrace result;
  storage::TraceSummary& summary = result.summary;
  summary.trace_id = spans.front().span.entry().trace_id;
  summary.start_time_unix_nano = spans.front().span.entry().start_time_unix_nano;
  summary.span_count = spans.size();
  SetRoot(spans, &summary);
  const std::vector<span::SpanId> ids = SortedIds(spans);
  std::map<std::string_view, storage::ServiceSummary> services;
  for (const auto& [span, matches] : spans) {
    const span::SpanEntry& entry = span.entry();
    const bool error = entry.status == span::SpanStatus::kError;
    summary.end_time_unix_nano = std::max(summary.end_time_unix_nano, entry.end_time_unix_nano);
    summary.error_count += error ? 1 : 0;
    const bool orphan = !entry.parent_span_id.IsZero() &&
                        !std::binary_search(ids.begin(), ids.end(), entry.parent_span_id);
    summary.orphan_count += orphan ? 1 : 0;
    storage::ServiceSummary& service = services[span.service_name()];
    ++service.span_count;
    service.error_count += error ? 1 : 0;
    if (matches) {
      ++summary.matched_count;
      result.newest_match = std::max(result.newest_match, entry.start_time_unix_nano);
    }
  }
  for (auto& [name, service] : services) {
    service.name = name;
    summary.services.push_back(std::move(service));
  }
  return result;
}

}  // namespace spandrel::columnar
