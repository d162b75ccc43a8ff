// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/traces/export.h"

#include <algorithm>

#include "columnar/read/traces/fetch.h"

namespace spandrel::columnar {
namespace {

using base::Result;

constexpr size_t kFewTraces = 1 << 16;

// Collects trace starts and keeps their number near that of the traces.
class TraceStarts {
 public:
  void Note(const span::SpanEntry& span) {
    if (!starts_.empty() && starts_.back().id == span.trace_id) {
      starts_.back().start_unix_nano =
          std::min(starts_.back().start_unix_nano, span.start_time_unix_nano);
      return;
    }
    if (starts_.size() >= compact_at_) Compact();
    starts_.push_back({span.start_time_unix_nano, span.trace_id});
  }

  size_t byte_size() const { return starts_.capacity() * sizeof(TraceStart); }

  std::vector<TraceStart> Take() {
    Compact();
    std::sort(starts_.begin(), starts_.end());
    return std::move(starts_);
  }

 private:
  // Keeps the earliest start of each trace.
  void Compact() {
    std::sort(starts_.begin(), starts_.end(), [](const TraceStart& a, const TraceStart& b) {
      return a.id != b.id ? a.id < b.id : a.start_unix_nano < b.start_unix_nano;
    });
    const auto same_trace = [](const TraceStart& a, const TraceStart& b) { return a.id == b.id; };
    starts_.erase(std::unique(starts_.begin(), starts_.end(), same_trace), starts_.end());
    compact_at_ = std::max(kFewTraces, 2 * starts_.size());
  }

  std::vector<TraceStart> starts_;
  size_t compact_at_ = kFewTraces;
};

}  // namespace

Result<std::vector<TraceStart>> ListTraces(const storage::QueryContext& context,
                                           const Snapshot& snapshot,
                                           const storage::Predicate& where,
                                           storage::TimeRange range) {
  const Result<Matcher> matcher = Matcher::Make(context, where, range);
  if (!matcher.ok()) return matcher.status();
  Scan scan(context, snapshot);
  TraceStarts starts;
  storage::QueryMemory memory(context);
  SPANDREL_RETURN_IF_ERROR(scan.VisitAll(*matcher, Content::kLight, [&](const span::SpanRef& span) {
    starts.Note(span.entry());
    return memory.GrowTo(starts.byte_size());
  }));
  return starts.Take();
}

Result<span::SpanBatch> CopyTrace(TraceFetch& traces, const span::TraceId& id) {
  const auto spans = traces.Load(id, {Content::kFull});
  if (!spans.ok()) return spans.status();
  return CopySpans(traces.context(), **spans);
}

}  // namespace spandrel::columnar
