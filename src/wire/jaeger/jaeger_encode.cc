// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "wire/jaeger/jaeger.h"
#include "wire/jaeger/jaeger_proto.h"
#include "wire/otlp/record_groups.h"
#include "wire/proto_writer.h"

namespace spandrel::wire {
namespace {

namespace proto = jaeger_proto;

struct ValueWriter {
  ProtoWriter* out;

  void operator()(const std::string& text) const { out->Bytes(proto::kTagString, text); }
  void operator()(bool truth) const { out->Varint(proto::kTagBool, truth ? 1 : 0); }
  void operator()(int64_t number) const {
    out->Varint(proto::kTagInt64, static_cast<uint64_t>(number));
  }
  void operator()(double number) const {
    out->Fixed64(proto::kTagFloat64, std::bit_cast<uint64_t>(number));
  }
  void operator()(const JaegerBinary& binary) const { out->Bytes(proto::kTagBinary, binary.bytes); }
};

void WriteTags(uint32_t field, const std::vector<JaegerTag>& tags, ProtoWriter* out) {
  for (const JaegerTag& tag : tags) {
    const size_t opened = out->Open(field);
    out->Bytes(proto::kTagKey, tag.key);
    if (tag.value.index() != 0) out->Varint(proto::kTagType, tag.value.index());
    std::visit(ValueWriter{out}, tag.value);
    out->Close(opened);
  }
}

// A Timestamp or a Duration.
void WriteTime(uint32_t field, uint64_t nanos, ProtoWriter* out) {
  const size_t opened = out->Open(field);
  const uint64_t seconds = nanos / proto::kNanosPerSecond;
  const uint64_t rest = nanos % proto::kNanosPerSecond;
  if (seconds != 0) out->Varint(proto::kTimeSeconds, seconds);
  if (rest != 0) out->Varint(proto::kTimeNanos, rest);
  out->Close(opened);
}

void WriteReference(const JaegerReference& reference, ProtoWriter* out) {
  const size_t opened = out->Open(proto::kSpanReferences);
  out->Bytes(proto::kReferenceTraceId, reference.trace_id.view());
  out->Bytes(proto::kReferenceSpanId, reference.span_id.view());
  if (reference.type != JaegerReference::Type::kChildOf) {
    out->Varint(proto::kReferenceType, static_cast<uint64_t>(reference.type));
  }
  out->Close(opened);
}

void WriteLog(const JaegerLog& log, ProtoWriter* out) {
  const size_t opened = out->Open(proto::kSpanLogs);
  WriteTime(proto::kLogTimestamp, log.time_unix_nano, out);
  WriteTags(proto::kLogFields, log.fields, out);
  out->Close(opened);
}

void WriteSpan(const JaegerSpan& span, ProtoWriter* out) {
  const size_t opened = out->Open(proto::kBatchSpans);
  out->Bytes(proto::kSpanTraceId, span.trace_id.view());
  out->Bytes(proto::kSpanSpanId, span.span_id.view());
  out->Bytes(proto::kSpanOperationName, span.operation_name);
  for (const JaegerReference& reference : span.references) WriteReference(reference, out);
  if (span.flags != 0) out->Varint(proto::kSpanFlags, span.flags);
  WriteTime(proto::kSpanStartTime, span.start_time_unix_nano, out);
  WriteTime(proto::kSpanDuration, span.duration_nano, out);
  WriteTags(proto::kSpanTags, span.tags, out);
  for (const JaegerLog& log : span.logs) WriteLog(log, out);
  for (const std::string& warning : span.warnings) out->Bytes(proto::kSpanWarnings, warning);
  out->Close(opened);
}

void WriteProcess(const JaegerProcess& process, ProtoWriter* out) {
  const size_t opened = out->Open(proto::kBatchProcess);
  out->Bytes(proto::kProcessServiceName, process.service_name);
  WriteTags(proto::kProcessTags, process.tags, out);
  out->Close(opened);
}

std::string EncodeRequest(const ResourceGroup<span::SpanRef>& group) {
  std::string request;
  ProtoWriter out(&request);
  const size_t opened = out.Open(proto::kPostSpansBatch);
  for (const auto& scope : group.scopes) {
    for (const span::SpanRef& ref : scope.records) WriteSpan(ToJaegerSpan(ref), &out);
  }
  WriteProcess(ToJaegerProcess(group.first()), &out);
  out.Close(opened);
  return request;
}

}  // namespace

std::vector<std::string> EncodePostSpansRequests(const span::SpanBatch& batch) {
  std::vector<std::string> requests;
  for (const auto& group : GroupByResource(batch.chunks())) {
    requests.push_back(EncodeRequest(group));
  }
  return requests;
}

}  // namespace spandrel::wire
