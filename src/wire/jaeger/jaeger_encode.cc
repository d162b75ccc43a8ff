// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <map>

#include "proto/writer.h"
#include "wire/jaeger/jaeger.h"
#include "wire/jaeger/jaeger_proto.h"
#include "wire/otlp/record_groups.h"

namespace spandrel::wire {
namespace {

namespace model = jaeger_proto;

struct ValueWriter {
  proto::Writer* out;

  void operator()(const std::string& text) const { out->Bytes(model::kTagString, text); }
  void operator()(bool truth) const { out->Varint(model::kTagBool, truth ? 1 : 0); }
  void operator()(int64_t number) const {
    out->Varint(model::kTagInt64, static_cast<uint64_t>(number));
  }
  void operator()(double number) const {
    out->Fixed64(model::kTagFloat64, std::bit_cast<uint64_t>(number));
  }
  void operator()(const JaegerBinary& binary) const { out->Bytes(model::kTagBinary, binary.bytes); }
};

void WriteTags(uint32_t field, const std::vector<JaegerTag>& tags, proto::Writer* out) {
  for (const JaegerTag& tag : tags) {
    const size_t opened = out->Open(field);
    out->Bytes(model::kTagKey, tag.key);
    if (tag.value.index() != 0) out->Varint(model::kTagType, tag.value.index());
    std::visit(ValueWriter{out}, tag.value);
    out->Close(opened);
  }
}

// A Timestamp or a Duration.
void WriteTime(uint32_t field, uint64_t nanos, proto::Writer* out) {
  const size_t opened = out->Open(field);
  const uint64_t seconds = nanos / model::kNanosPerSecond;
  const uint64_t rest = nanos % model::kNanosPerSecond;
  if (seconds != 0) out->Varint(model::kTimeSeconds, seconds);
  if (rest != 0) out->Varint(model::kTimeNanos, rest);
  out->Close(opened);
}

void WriteReference(const JaegerReference& reference, proto::Writer* out) {
  const size_t opened = out->Open(model::kSpanReferences);
  out->Bytes(model::kReferenceTraceId, reference.trace_id.view());
  out->Bytes(model::kReferenceSpanId, reference.span_id.view());
  if (reference.type != JaegerReference::Type::kChildOf) {
    out->Varint(model::kReferenceType, static_cast<uint64_t>(reference.type));
  }
  out->Close(opened);
}

void WriteLog(const JaegerLog& log, proto::Writer* out) {
  const size_t opened = out->Open(model::kSpanLogs);
  WriteTime(model::kLogTimestamp, log.time_unix_nano, out);
  WriteTags(model::kLogFields, log.fields, out);
  out->Close(opened);
}

// A process, encoded, goes into the span where it is not that of the whole batch.
void WriteSpan(const JaegerSpan& span, std::string_view process, proto::Writer* out) {
  const size_t opened = out->Open(model::kBatchSpans);
  out->Bytes(model::kSpanTraceId, span.trace_id.view());
  out->Bytes(model::kSpanSpanId, span.span_id.view());
  out->Bytes(model::kSpanOperationName, span.operation_name);
  for (const JaegerReference& reference : span.references) WriteReference(reference, out);
  if (span.flags != 0) out->Varint(model::kSpanFlags, span.flags);
  WriteTime(model::kSpanStartTime, span.start_time_unix_nano, out);
  WriteTime(model::kSpanDuration, span.duration_nano, out);
  WriteTags(model::kSpanTags, span.tags, out);
  for (const JaegerLog& log : span.logs) WriteLog(log, out);
  if (!process.empty()) out->Bytes(model::kSpanProcess, process);
  for (const std::string& warning : span.warnings) out->Bytes(model::kSpanWarnings, warning);
  out->Close(opened);
}

std::string EncodeProcess(const JaegerProcess& process) {
  std::string message;
  proto::Writer out(&message);
  out.Bytes(model::kProcessServiceName, process.service_name);
  WriteTags(model::kProcessTags, process.tags, &out);
  return message;
}

std::string EncodeRequest(const ResourceGroup<span::SpanRef>& group) {
  std::string request;
  proto::Writer out(&request);
  const size_t opened = out.Open(model::kPostSpansBatch);
  for (const auto& scope : group.scopes) {
    for (const span::SpanRef& ref : scope.records) WriteSpan(ToJaegerSpan(ref), "", &out);
  }
  out.Bytes(model::kBatchProcess, EncodeProcess(ToJaegerProcess(group.first())));
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

base::Status WriteJaegerSpanChunks(const span::SpanBatch& batch, size_t max_bytes,
                                   const std::function<base::Status(std::string_view)>& write) {
  std::map<std::string_view, std::string> processes;  // by the resource's bytes
  std::string chunk;
  base::Status status;
  span::ForEachSpan(batch, [&](const span::SpanRef& ref) {
    if (!status.ok()) return;
    const auto [process, is_new] = processes.try_emplace(ref.resource().message);
    if (is_new) process->second = EncodeProcess(ToJaegerProcess(ref));
    const size_t before = chunk.size();
    proto::Writer out(&chunk);
    WriteSpan(ToJaegerSpan(ref), process->second, &out);
    if (chunk.size() <= max_bytes || before == 0) return;
    status = write(std::string_view(chunk).substr(0, before));
    chunk.erase(0, before);
  });
  if (!status.ok() || chunk.empty()) return status;
  return write(chunk);
}

}  // namespace spandrel::wire
