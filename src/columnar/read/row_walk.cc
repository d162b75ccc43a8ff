// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/row_walk.h"

#include <algorithm>
#include <utility>

#include "columnar/read/export.h"
#include "columnar/read/scan.h"
#include "storage/narrow.h"
#include "storage/trace_fields.h"

namespace spandrel::columnar {

using base::Result;
using base::Status;

Result<RowWalk> RowWalk::Make(const storage::QueryContext& context,
                              const storage::Expression& where, storage::TimeRange range,
                              const std::vector<storage::FieldRef>& fields) {
  auto evaluator = storage::Evaluator::Make(where);
  if (!evaluator.ok()) return evaluator.status();
  storage::Narrowed narrowed = storage::Narrow(where);
  Result<Matcher> matcher = Matcher::Make(narrowed.where, range);
  if (!matcher.ok()) return matcher.status();
  RowWalk walk(context, *std::move(matcher));
  walk.evaluator_ = *std::move(evaluator);
  walk.narrowed_ = std::move(narrowed.where);
  walk.is_exact_ = narrowed.exact;
  walk.needs_trace_ = storage::NeedsTrace(where) ||
                      std::any_of(fields.begin(), fields.end(), [](const storage::FieldRef& field) {
                        return storage::NeedsTrace(field);
                      });
  return walk;
}

Status RowWalk::Run(const Snapshot& snapshot, const Visit& visit) const {
  return needs_trace_ ? RunByTrace(snapshot, visit) : RunBySpan(snapshot, visit);
}

Status RowWalk::RunBySpan(const Snapshot& snapshot, const Visit& visit) const {
  Scan scan(context_, snapshot);
  return scan.VisitAll(matcher_, Content::kFull, [&](const span::SpanRef& span) {
    const storage::SpanFields fields(span);
    if (is_exact_ || evaluator_->Matches(fields)) visit(span, fields);
  });
}

Status RowWalk::RunByTrace(const Snapshot& snapshot, const Visit& visit) const {
  const auto candidates = ListTraces(context_, snapshot, narrowed_, matcher_.range());
  if (!candidates.ok()) return candidates.status();
  Scan scan(context_, snapshot);
  TraceFetch fetch(scan);
  for (const TraceStart& candidate : *candidates) {
    const auto spans = fetch.Load(candidate.id, Content::kFull);
    if (!spans.ok()) return spans.status();
    const storage::TraceFields trace(**spans);
    for (size_t i = 0; i < trace.size(); ++i) {
      if (!matcher_.range().Contains(trace.span(i).entry().start_time_unix_nano)) continue;
      const storage::TraceFields::Row row(trace, i);
      if (evaluator_->Matches(row)) visit(trace.span(i), row);
    }
  }
  return {};
}

}  // namespace spandrel::columnar
