// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/traces/fetch.h"

#include <string>
#include <utility>

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kMaxChunkBytes = size_t{1} << 30;

Status NotFound(std::string what, const TraceFetch& traces) {
  what += " not found";
  if (traces.unreadable() > 0) what += "; spans that may be it are damaged on disk";
  return {StatusCode::kNotFound, std::move(what)};
}

// Empty when no span is stored.
Result<span::SpanBatch> ReadWhole(TraceFetch& traces, const span::TraceId& id,
                                  storage::TimeRange hint) {
  const auto spans = traces.Load(id, {Content::kFull, hint});
  if (!spans.ok()) return spans.status();
  if (auto chunk = traces.WholeChunk()) return span::SpanBatch(std::move(chunk));
  return CopySpans(traces.context(), **spans);
}

}  // namespace

Result<span::SpanBatch> CopySpans(const storage::QueryContext& context,
                                  const std::vector<span::SpanRef>& spans) {
  span::SpanBatch batch;
  ChunkBuilder builder(context);
  for (const span::SpanRef& span : spans) {
    SPANDREL_RETURN_IF_ERROR(builder.Add(span));
    if (builder.byte_size() >= kMaxChunkBytes) batch.Append(builder.Finish());
  }
  batch.Append(builder.Finish());
  return batch;
}

Result<span::SpanBatch> ReadTrace(const storage::QueryContext& context, const Snapshot& snapshot,
                                  const span::TraceId& id) {
  Scan scan(context, snapshot);
  TraceFetch traces(scan);
  Result<span::SpanBatch> batch = ReadWhole(traces, id, {});
  if (batch.ok() && batch->empty()) return NotFound("trace", traces);
  return batch;
}

Result<span::SpanBatch> ReadSpan(const storage::QueryContext& context, const Snapshot& snapshot,
                                 const span::TraceId& trace_id, const span::SpanId& span_id) {
  Scan scan(context, snapshot);
  TraceFetch traces(scan);
  const auto spans = traces.Load(trace_id, {Content::kFull, {}, span_id});
  if (!spans.ok()) return spans.status();
  if (!(*spans)->empty()) return CopySpans(context, {(**spans)[0]});
  return NotFound("span", traces);
}

Result<bool> TracesReader::Send(const Snapshot& snapshot) {
  SPANDREL_RETURN_IF_ERROR(context_.Check());
  Scan scan(context_, snapshot);
  TraceFetch traces(scan);
  for (; !stopped_ && next_ < wanted_.size(); ++next_) {
    const auto& [id, hint] = wanted_[next_];
    Result<span::SpanBatch> batch = ReadWhole(traces, id, hint);
    if (!batch.ok()) return batch.status();
    if (!batch->empty()) stopped_ = !sink_.OnSpans(id, *std::move(batch));
  }
  return !stopped_;
}

}  // namespace spandrel::columnar
