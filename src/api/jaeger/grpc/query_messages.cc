// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/grpc/query_messages.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "api/http/parameters.h"
#include "api/jaeger/http/legacy_parameters.h"
#include "base/ascii.h"
#include "proto/field_reader.h"
#include "proto/writer.h"
#include "query/tags.h"
#include "query/trace_search.h"

namespace spandrel::api {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using proto::NextField;

// Field numbers. Timestamp and Duration share theirs.
constexpr uint32_t kTimeSeconds = 1;
constexpr uint32_t kTimeNanos = 2;
constexpr uint32_t kGetTraceId = 1;
constexpr uint32_t kOperationsService = 1;
constexpr uint32_t kOperationsKind = 2;
constexpr uint32_t kFindQuery = 1;
constexpr uint32_t kQueryService = 1;
constexpr uint32_t kQueryOperation = 2;
constexpr uint32_t kQueryAttributes = 3;
constexpr uint32_t kQueryStartMin = 4;
constexpr uint32_t kQueryStartMax = 5;
constexpr uint32_t kQueryDurationMin = 6;
constexpr uint32_t kQueryDurationMax = 7;
constexpr uint32_t kQueryDepth = 8;
constexpr uint32_t kQueryFilter = 10;
constexpr uint32_t kMapKey = 1;
constexpr uint32_t kMapValue = 2;
constexpr uint32_t kRangeStart = 1;
constexpr uint32_t kRangeEnd = 2;
constexpr uint32_t kServices = 1;
constexpr uint32_t kOperations = 1;
constexpr uint32_t kOperationName = 1;
constexpr uint32_t kOperationKind = 2;
constexpr uint32_t kDependencies = 1;
constexpr uint32_t kDependencyParent = 1;
constexpr uint32_t kDependencyChild = 2;
constexpr uint32_t kDependencyCalls = 3;

constexpr uint64_t kNanosPerSecond = 1'000'000'000;
constexpr uint64_t kDefaultSearchDepth = 100;

Status Malformed() {
  return {StatusCode::kInvalidArgument, "malformed request"};
}

// Nanoseconds; false for what is malformed, negative or too large.
bool ReadTime(std::string_view message, std::optional<uint64_t>* nanos) {
  uint64_t seconds = 0;
  uint64_t rest = 0;
  proto::Field field;
  while (NextField(&message, &field)) {
    if (!field.is_varint()) continue;
    if (field.number == kTimeSeconds) seconds = field.scalar;
    if (field.number == kTimeNanos) rest = field.scalar;
  }
  if (!message.empty() || rest >= kNanosPerSecond) return false;
  if (seconds > (UINT64_MAX - rest) / kNanosPerSecond) return false;
  *nanos = seconds * kNanosPerSecond + rest;
  return true;
}

bool ReadAttribute(std::string_view message, storage::Predicate* tags) {
  std::string key;
  std::string value;
  proto::Field field;
  while (NextField(&message, &field)) {
    if (!field.is_bytes()) continue;
    if (field.number == kMapKey) key = field.bytes;
    if (field.number == kMapValue) value = field.bytes;
  }
  tags->children.push_back(query::TagEquals(key, value));
  return message.empty() && tags->children.size() <= query::kMaxTagConditions;
}

Result<storage::TimeRange> RangeOf(const std::optional<uint64_t>& start,
                                   const std::optional<uint64_t>& end) {
  if (!start || !end) return Status(StatusCode::kInvalidArgument, "both times are required");
  if (*start >= *end) {
    return Status(StatusCode::kInvalidArgument, "the first time must be before the second");
  }
  return storage::TimeRange{*start, *end};
}

struct Query {
  query::TraceFilter filter;
  std::optional<uint64_t> start_min;
  std::optional<uint64_t> start_max;
  uint64_t depth = kDefaultSearchDepth;
  bool has_filter = false;
};

bool ReadQueryBytes(const proto::Field& field, Query* query) {
  switch (field.number) {
    case kQueryService:
      query->filter.service = field.bytes;
      return true;
    case kQueryOperation:
      query->filter.operation = field.bytes;
      return true;
    case kQueryAttributes:
      return ReadAttribute(field.bytes, &query->filter.tags);
    case kQueryStartMin:
      return ReadTime(field.bytes, &query->start_min);
    case kQueryStartMax:
      return ReadTime(field.bytes, &query->start_max);
    case kQueryDurationMin:
      return ReadTime(field.bytes, &query->filter.min_duration_nano);
    case kQueryDurationMax:
      return ReadTime(field.bytes, &query->filter.max_duration_nano);
    case kQueryFilter:
      query->has_filter = true;
      return true;
    default:
      return true;
  }
}

bool ReadQuery(std::string_view message, Query* query) {
  proto::Field field;
  while (NextField(&message, &field)) {
    if (field.is_bytes() && !ReadQueryBytes(field, query)) return false;
    if (!field.is_varint() || field.number != kQueryDepth) continue;
    const auto depth = static_cast<int32_t>(field.scalar);
    if (depth > 0) query->depth = static_cast<uint64_t>(depth);
  }
  // An empty duration means none.
  const auto drop_zero = [](std::optional<uint64_t>* duration) {
    if (*duration == 0U) duration->reset();
  };
  drop_zero(&query->filter.min_duration_nano);
  drop_zero(&query->filter.max_duration_nano);
  return message.empty();
}

// Jaeger calls an operation without a kind internal.
std::string_view KindName(span::SpanKind kind) {
  return span::SpanKindName(kind == span::SpanKind::kUnspecified ? span::SpanKind::kInternal
                                                                 : kind);
}

}  // namespace

Result<span::TraceId> ReadGetTraceRequest(std::string_view message) {
  std::optional<span::TraceId> id;
  proto::Field field;
  while (NextField(&message, &field)) {
    if (field.number == kGetTraceId && field.is_bytes()) id = ParseTraceId(field.bytes);
  }
  if (!message.empty()) return Malformed();
  if (id) return *id;
  return Status(StatusCode::kInvalidArgument, "trace_id: expected up to 32 hexadecimal digits");
}

Result<OperationsQuestion> ReadGetOperationsRequest(std::string_view message) {
  OperationsQuestion question;
  proto::Field field;
  while (NextField(&message, &field)) {
    if (!field.is_bytes()) continue;
    if (field.number == kOperationsService) question.service = field.bytes;
    if (field.number == kOperationsKind) question.kind = base::LowerCase(field.bytes);
  }
  if (!message.empty()) return Malformed();
  return question;
}

Result<storage::SearchRequest> ReadFindTracesRequest(std::string_view message) {
  Query query;
  proto::Field field;
  while (NextField(&message, &field)) {
    const bool is_query = field.number == kFindQuery && field.is_bytes();
    if (is_query && !ReadQuery(field.bytes, &query)) return Malformed();
  }
  if (!message.empty()) return Malformed();
  if (query.has_filter) {
    return Status(StatusCode::kInvalidArgument, "filter: structured filters are not enabled");
  }
  if (query.depth > kMaxJaegerTraces) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("search_depth: expected a number up to {}", kMaxJaegerTraces));
  }
  const auto range = RangeOf(query.start_min, query.start_max);
  if (!range.ok()) return range.status().Annotate("start_time_min and start_time_max");
  query.filter.start_time = *range;
  return query::MakeSearchRequest(query.filter, storage::Order::kNewest, query.depth);
}

Result<storage::TimeRange> ReadGetDependenciesRequest(std::string_view message) {
  std::optional<uint64_t> start;
  std::optional<uint64_t> end;
  proto::Field field;
  while (NextField(&message, &field)) {
    if (!field.is_bytes()) continue;
    if (field.number == kRangeStart && !ReadTime(field.bytes, &start)) return Malformed();
    if (field.number == kRangeEnd && !ReadTime(field.bytes, &end)) return Malformed();
  }
  if (!message.empty()) return Malformed();
  return RangeOf(start, end);
}

std::string ServicesResponse(const std::vector<std::string>& services) {
  std::string message;
  proto::Writer writer(&message);
  for (const std::string& service : services) writer.Bytes(kServices, service);
  return message;
}

std::string OperationsResponse(const std::vector<storage::Operation>& operations,
                               std::string_view kind) {
  std::string message;
  proto::Writer writer(&message);
  for (const storage::Operation& operation : operations) {
    if (!kind.empty() && kind != KindName(operation.kind)) continue;
    const size_t opened = writer.Open(kOperations);
    writer.Bytes(kOperationName, operation.name);
    writer.Bytes(kOperationKind, KindName(operation.kind));
    writer.Close(opened);
  }
  return message;
}

std::string DependenciesResponse(const std::vector<storage::Dependency>& dependencies) {
  std::string message;
  proto::Writer writer(&message);
  for (const storage::Dependency& call : dependencies) {
    const size_t opened = writer.Open(kDependencies);
    writer.Bytes(kDependencyParent, call.parent);
    writer.Bytes(kDependencyChild, call.child);
    writer.Varint(kDependencyCalls, call.call_count);
    writer.Close(opened);
  }
  return message;
}

}  // namespace spandrel::api
