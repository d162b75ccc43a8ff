// SPDX-License-Identifier: Apache-2.0
#include "query/trace_search.h"

#include <algorithm>
#include <utility>

namespace spandrel::query {
namespace {

using storage::CompareOp;
using storage::Intrinsic;
using storage::Predicate;

int64_t ToSigned(uint64_t value) {
  return static_cast<int64_t>(std::min<uint64_t>(value, INT64_MAX));
}

}  // namespace

Predicate FilterPredicate(const TraceFilter& filter) {
  std::vector<Predicate> all;
  const auto add = [&all](Intrinsic field, CompareOp op, storage::Value value) {
    all.push_back(Predicate::Compare(field, op, std::move(value)));
  };
  if (!filter.service.empty()) add(Intrinsic::kServiceName, CompareOp::kEqual, filter.service);
  if (!filter.operation.empty()) add(Intrinsic::kName, CompareOp::kEqual, filter.operation);
  if (filter.kind) {
    add(Intrinsic::kKind, CompareOp::kEqual, std::string(span::SpanKindName(*filter.kind)));
  }
  if (filter.status) {
    add(Intrinsic::kStatus, CompareOp::kEqual, std::string(span::SpanStatusName(*filter.status)));
  }
  if (filter.min_duration_nano) {
    add(Intrinsic::kDuration, CompareOp::kGreaterOrEqual, ToSigned(*filter.min_duration_nano));
  }
  if (filter.max_duration_nano) {
    add(Intrinsic::kDuration, CompareOp::kLessOrEqual, ToSigned(*filter.max_duration_nano));
  }
  if (!filter.tags.is_all()) all.push_back(filter.tags);
  return Predicate::And(std::move(all));
}

storage::SearchRequest MakeSearchRequest(const TraceFilter& filter, storage::Order order,
                                         size_t limit, std::optional<storage::Cursor> after) {
  storage::SearchRequest request;
  request.where = FilterPredicate(filter);
  request.start_time = filter.start_time;
  request.order = order;
  request.limit = limit;
  request.after = after;
  return request;
}

base::Status VisitTraces(const storage::QueryContext& context, storage::Reader& reader,
                         const std::vector<span::TraceId>& ids, const TraceVisitor& visit) {
  for (const span::TraceId& id : ids) {
    auto spans = reader.GetTrace(context, id);
    if (!spans.ok() && spans.status().code() == base::StatusCode::kNotFound) continue;
    if (!spans.ok()) return spans.status();
    storage::QueryMemory memory(context);
    SPANDREL_RETURN_IF_ERROR(memory.Grow(spans->byte_size()));
    SPANDREL_RETURN_IF_ERROR(visit({id, std::move(*spans)}));
  }
  return {};
}

base::Status SearchAndVisitTraces(const storage::QueryContext& context, storage::Reader& reader,
                                  const storage::SearchRequest& request,
                                  const TraceVisitor& visit) {
  const auto found = reader.Search(context, request);
  if (!found.ok()) return found.status();
  std::vector<span::TraceId> ids;
  ids.reserve(found->traces.size());
  for (const auto& trace : found->traces) ids.push_back(trace.trace_id);
  return VisitTraces(context, reader, ids, visit);
}

}  // namespace spandrel::query
