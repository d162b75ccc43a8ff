// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/grpc/query_messages.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <utility>

#include "api/http/cursor_text.h"
#include "api/http/parameters.h"
#include "api/jaeger/http/legacy_parameters.h"
#include "base/ascii.h"
#include "proto/field_reader.h"
#include "proto/otlp.h"
#include "proto/writer.h"
#include "query/tags.h"
#include "query/trace_search.h"
#include "span/value.h"

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
constexpr uint32_t kGetTraceRaw = 4;
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
constexpr uint32_t kQueryRaw = 9;
constexpr uint32_t kQueryFilter = 10;
constexpr uint32_t kStorageQueryFilter = 9;
constexpr uint32_t kQueryPage = 11;
constexpr uint32_t kStorageQueryPage = 10;
constexpr uint32_t kPageSize = 1;
constexpr uint32_t kPageToken = 2;
constexpr uint32_t kNextPageToken = 2;
constexpr uint32_t kTraces = 1;
constexpr uint32_t kTracesTraceId = 1;
constexpr uint32_t kFoundIds = 1;
constexpr uint32_t kFoundId = 1;
constexpr uint32_t kFoundStart = 2;
constexpr uint32_t kFoundEnd = 3;
constexpr uint32_t kSummaries = 1;
constexpr uint32_t kSummaryTraceId = 1;
constexpr uint32_t kSummaryRootService = 2;
constexpr uint32_t kSummaryRootName = 3;
constexpr uint32_t kSummaryStart = 4;
constexpr uint32_t kSummaryEnd = 5;
constexpr uint32_t kSummarySpans = 6;
constexpr uint32_t kSummaryErrors = 7;
constexpr uint32_t kSummaryOrphans = 8;
constexpr uint32_t kSummaryServices = 9;
constexpr uint32_t kServiceName = 1;
constexpr uint32_t kServiceSpans = 2;
constexpr uint32_t kServiceErrors = 3;
constexpr uint32_t kCapabilitiesSearch = 1;
constexpr uint32_t kSearchWithoutService = 1;
constexpr uint32_t kSearchSameSpan = 2;
constexpr uint32_t kSearchPaginated = 4;
constexpr uint32_t kMapKey = 1;
constexpr uint32_t kMapValue = 2;
constexpr uint32_t kRangeStart = 1;
constexpr uint32_t kRangeEnd = 2;
constexpr uint32_t kServices = 1;
constexpr uint32_t kOperations = 1;
constexpr uint32_t kLegacyOperationNames = 1;
constexpr uint32_t kLegacyOperations = 2;
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

// Whether it is an AnyValue of a kind that searches compare, which lists and maps are not.
bool IsScalar(std::string_view message) {
  for (proto::Field field; NextField(&message, &field);) {
    if (field.number == proto::otlp::kAnyValueArray) return false;
    if (field.number == proto::otlp::kAnyValueKvlist) return false;
  }
  return message.empty();
}

bool ReadAttribute(std::string_view message, JaegerApi api, storage::Predicate* tags) {
  std::string key;
  std::string value;
  proto::Field field;
  while (NextField(&message, &field)) {
    if (!field.is_bytes()) continue;
    if (field.number == kMapKey) key = field.bytes;
    if (field.number != kMapValue) continue;
    if (api != JaegerApi::kStorage) {
      value = field.bytes;
    } else if (IsScalar(field.bytes)) {
      value = span::ValueView::FromMessage(field.bytes).ToText();
    } else {
      return false;
    }
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
  bool raw = false;
  uint64_t page_size = 0;  // 0: not in pages
  std::string page_token;
};

bool ReadPage(std::string_view message, Query* query) {
  proto::Field field;
  while (NextField(&message, &field)) {
    if (field.number == kPageSize && field.is_varint()) query->page_size = field.scalar;
    if (field.number == kPageToken && field.is_bytes()) query->page_token = field.bytes;
  }
  return message.empty();
}

// What the protocols number differently; 0: it has no such field.
struct NewerFields {
  uint32_t filter = 0;
  uint32_t page = 0;
};
NewerFields NewerFieldsOf(JaegerApi api) {
  switch (api) {
    case JaegerApi::kQuery:
      return {kQueryFilter, kQueryPage};
    case JaegerApi::kStorage:
      return {kStorageQueryFilter, kStorageQueryPage};
    default:
      return {};
  }
}

bool ReadQueryBytes(const proto::Field& field, JaegerApi api, Query* query) {
  const NewerFields newer = NewerFieldsOf(api);
  if (field.number == newer.filter) query->has_filter = true;
  if (field.number == newer.page) return ReadPage(field.bytes, query);
  switch (field.number) {
    case kQueryService:
      query->filter.service = field.bytes;
      return true;
    case kQueryOperation:
      query->filter.operation = field.bytes;
      return true;
    case kQueryAttributes:
      return ReadAttribute(field.bytes, api, &query->filter.tags);
    case kQueryStartMin:
      return ReadTime(field.bytes, &query->start_min);
    case kQueryStartMax:
      return ReadTime(field.bytes, &query->start_max);
    case kQueryDurationMin:
      return ReadTime(field.bytes, &query->filter.min_duration_nano);
    case kQueryDurationMax:
      return ReadTime(field.bytes, &query->filter.max_duration_nano);
    default:
      return true;
  }
}

bool ReadQuery(std::string_view message, JaegerApi api, Query* query) {
  proto::Field field;
  while (NextField(&message, &field)) {
    if (field.is_bytes() && !ReadQueryBytes(field, api, query)) return false;
    if (field.is_varint() && field.number == kQueryRaw) query->raw = field.scalar != 0;
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

void WriteTime(uint32_t field, uint64_t nanos, proto::Writer* writer) {
  const size_t opened = writer->Open(field);
  writer->Varint(kTimeSeconds, nanos / kNanosPerSecond);
  writer->Varint(kTimeNanos, nanos % kNanosPerSecond);
  writer->Close(opened);
}

// Jaeger calls an operation without a kind internal.
std::string_view KindName(span::SpanKind kind) {
  return span::SpanKindName(kind == span::SpanKind::kUnspecified ? span::SpanKind::kInternal
                                                                 : kind);
}

}  // namespace

namespace {

// 16 bytes, or the lower 8 of an old sender.
std::optional<span::TraceId> TraceIdOfBytes(std::string_view bytes) {
  std::string padded(bytes);
  if (bytes.size() == 8) padded.insert(0, 8, '\0');
  const auto id = span::TraceId::FromBytes(padded);
  return id && !id->IsZero() ? id : std::nullopt;
}

}  // namespace

Result<TraceQuestion> ReadGetTraceRequest(std::string_view message, JaegerApi api) {
  const bool as_text = api == JaegerApi::kQuery;
  std::optional<span::TraceId> id;
  bool raw = false;
  proto::Field field;
  while (NextField(&message, &field)) {
    if (field.number == kGetTraceId && field.is_bytes()) {
      id = as_text ? ParseTraceId(field.bytes) : TraceIdOfBytes(field.bytes);
    }
    if (field.number == kGetTraceRaw && field.is_varint()) raw = field.scalar != 0;
  }
  if (!message.empty()) return Malformed();
  if (id) return TraceQuestion{*id, raw};
  return Status(StatusCode::kInvalidArgument,
                as_text ? "trace_id: expected up to 32 hexadecimal digits"
                        : "trace_id: expected 16 bytes that are not all zero");
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

Result<TracesQuestion> ReadFindTracesRequest(std::string_view message, JaegerApi api) {
  Query query;
  proto::Field field;
  while (NextField(&message, &field)) {
    const bool is_query = field.number == kFindQuery && field.is_bytes();
    if (is_query && !ReadQuery(field.bytes, api, &query)) return Malformed();
  }
  if (!message.empty()) return Malformed();
  if (query.has_filter) {
    return Status(StatusCode::kInvalidArgument, "filter: structured filters are not enabled");
  }
  if (query.page_size > 0) query.depth = query.page_size;
  if (query.depth > kMaxJaegerTraces) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("search_depth: expected a number up to {}", kMaxJaegerTraces));
  }
  if (api != JaegerApi::kQuery) {
    query.start_min = query.start_min.value_or(0);
    query.start_max = query.start_max.value_or(UINT64_MAX);
  }
  const auto range = RangeOf(query.start_min, query.start_max);
  if (!range.ok()) return range.status().Annotate("start_time_min and start_time_max");
  query.filter.start_time = *range;
  TracesQuestion question{
      query::MakeSearchRequest(query.filter, storage::Order::kNewest, query.depth), query.raw,
      query.page_size > 0};
  if (query.page_token.empty()) return question;
  const auto cursor = DecodeCursor(query.page_token, storage::Order::kNewest);
  if (!cursor.ok())
    return Status(StatusCode::kInvalidArgument, "page_token: not one of this search's");
  question.search.after = *cursor;
  return question;
}

Result<std::vector<span::TraceId>> ReadGetTracesRequest(std::string_view message) {
  std::vector<span::TraceId> ids;
  proto::Field field;
  while (NextField(&message, &field)) {
    if (field.number != kTraces || !field.is_bytes()) continue;
    std::string_view wanted = field.bytes;
    std::optional<span::TraceId> id;
    for (proto::Field inner; NextField(&wanted, &inner);) {
      if (inner.number == kTracesTraceId && inner.is_bytes()) {
        id = span::TraceId::FromBytes(inner.bytes);
      }
    }
    if (!wanted.empty()) return Malformed();
    if (!id) return Status(StatusCode::kInvalidArgument, "trace_id: expected 16 bytes");
    ids.push_back(*id);
    if (ids.size() > kMaxJaegerTraces) {
      return Status(StatusCode::kInvalidArgument, "query: too many traces");
    }
  }
  if (!message.empty()) return Malformed();
  return ids;
}

Result<storage::TimeRange> ReadGetDependenciesRequest(std::string_view message, JaegerApi api) {
  std::optional<uint64_t> start;
  std::optional<uint64_t> end;
  proto::Field field;
  while (NextField(&message, &field)) {
    if (!field.is_bytes()) continue;
    if (field.number == kRangeStart && !ReadTime(field.bytes, &start)) return Malformed();
    if (field.number == kRangeEnd && !ReadTime(field.bytes, &end)) return Malformed();
  }
  if (!message.empty()) return Malformed();
  if (api == JaegerApi::kLegacyQuery) return RangeOf(start.value_or(0), end.value_or(UINT64_MAX));
  return RangeOf(start, end);
}

std::string ServicesResponse(const std::vector<std::string>& services) {
  std::string message;
  proto::Writer writer(&message);
  for (const std::string& service : services) writer.Bytes(kServices, service);
  return message;
}

std::string OperationsResponse(const std::vector<storage::Operation>& operations,
                               std::string_view kind, JaegerApi api) {
  const bool is_legacy = api == JaegerApi::kLegacyQuery;
  std::string message;
  proto::Writer writer(&message);
  std::set<std::string_view> names;
  for (const storage::Operation& operation : operations) {
    if (!kind.empty() && kind != KindName(operation.kind)) continue;
    const bool is_new = is_legacy && names.insert(operation.name).second;
    if (is_new) writer.Bytes(kLegacyOperationNames, operation.name);
    const size_t opened = writer.Open(is_legacy ? kLegacyOperations : kOperations);
    writer.Bytes(kOperationName, operation.name);
    writer.Bytes(kOperationKind, KindName(operation.kind));
    writer.Close(opened);
  }
  return message;
}

std::string SummariesResponse(const std::vector<storage::TraceSummary>& traces, JaegerApi api,
                              const std::string& next_page) {
  std::string message;
  proto::Writer writer(&message);
  for (const storage::TraceSummary& trace : traces) {
    const size_t opened = writer.Open(kSummaries);
    const bool as_text = api == JaegerApi::kQuery;
    const std::string hex = as_text ? trace.trace_id.ToHex() : std::string();
    writer.Bytes(kSummaryTraceId, as_text ? std::string_view(hex) : trace.trace_id.view());
    writer.Bytes(kSummaryRootService, trace.root_service);
    writer.Bytes(kSummaryRootName, trace.root_name);
    writer.Fixed64(kSummaryStart, trace.start_time_unix_nano);
    writer.Fixed64(kSummaryEnd, trace.end_time_unix_nano);
    writer.Varint(kSummarySpans, trace.span_count);
    writer.Varint(kSummaryErrors, trace.error_count);
    writer.Varint(kSummaryOrphans, trace.orphan_count);
    for (const storage::ServiceSummary& service : trace.services) {
      const size_t inner = writer.Open(kSummaryServices);
      writer.Bytes(kServiceName, service.name);
      writer.Varint(kServiceSpans, service.span_count);
      writer.Varint(kServiceErrors, service.error_count);
      writer.Close(inner);
    }
    writer.Close(opened);
  }
  if (!next_page.empty()) writer.Bytes(kNextPageToken, next_page);
  return message;
}

std::string TraceIdsResponse(const std::vector<storage::TraceSummary>& traces,
                             const std::string& next_page) {
  std::string message;
  proto::Writer writer(&message);
  for (const storage::TraceSummary& trace : traces) {
    const size_t opened = writer.Open(kFoundIds);
    writer.Bytes(kFoundId, trace.trace_id.view());
    WriteTime(kFoundStart, trace.start_time_unix_nano, &writer);
    WriteTime(kFoundEnd, trace.end_time_unix_nano, &writer);
    writer.Close(opened);
  }
  if (!next_page.empty()) writer.Bytes(kNextPageToken, next_page);
  return message;
}

std::string CapabilitiesResponse() {
  std::string message;
  proto::Writer writer(&message);
  const size_t search = writer.Open(kCapabilitiesSearch);
  writer.Varint(kSearchWithoutService, 1);
  writer.Varint(kSearchSameSpan, 1);
  writer.Varint(kSearchPaginated, 1);
  writer.Close(search);
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
