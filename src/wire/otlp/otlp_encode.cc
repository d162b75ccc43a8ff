// SPDX-License-Identifier: Apache-2.0
#include "proto/writer.h"
#include "signal/record_batch.h"
#include "span/span_view.h"
#include "wire/otlp/chunk_entries.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/otlp_records.h"
#include "wire/otlp/record_groups.h"

namespace spandrel::wire {
namespace {

namespace otlp = span::otlp;

template <typename Ref>
void WriteScopeGroup(const ScopeGroup<Ref>& group, proto::Writer* writer) {
  const Ref& first = group.records.front();
  const size_t opened = writer->Open(otlp::kResourceSpansScopeSpans);
  if (first.scope_entry().present) writer->Bytes(otlp::kScopeSpansScope, first.scope().message);
  for (const Ref& ref : group.records) writer->Bytes(otlp::kScopeSpansSpans, ref.message());
  if (const auto url = first.scope_schema_url(); !url.empty()) {
    writer->Bytes(otlp::kScopeSpansSchemaUrl, url);
  }
  writer->Close(opened);
}

template <typename Ref>
void WriteResourceGroup(const ResourceGroup<Ref>& group, proto::Writer* writer) {
  const Ref& first = group.first();
  const size_t opened = writer->Open(otlp::kRequestResourceSpans);
  if (first.resource_entry().present) {
    writer->Bytes(otlp::kResourceSpansResource, first.resource().message);
  }
  for (const auto& scope : group.scopes) WriteScopeGroup(scope, writer);
  if (const auto url = first.resource_schema_url(); !url.empty()) {
    writer->Bytes(otlp::kResourceSpansSchemaUrl, url);
  }
  writer->Close(opened);
}

template <typename Batch>
std::string Encode(const Batch& batch) {
  std::string request;
  request.reserve(batch.byte_size() + batch.byte_size() / 8);
  Batch partial;
  for (const auto& chunk : batch.chunks()) {
    if (chunk->whole) {
      request += chunk->bytes();
    } else {
      partial.Append(chunk);
    }
  }
  proto::Writer writer(&request);
  for (const auto& group : GroupByResource(partial.chunks())) WriteResourceGroup(group, &writer);
  return request;
}

// A key and a length of up to 2 MiB in front of a record; two messages and their schema around it.
constexpr size_t kRecordFrame = 8;
constexpr size_t kResourceFrame = 16;

template <typename Batch>
size_t EncodedSize(const Batch& batch) {
  size_t bytes = 0;
  for (const auto& chunk : batch.chunks()) {
    if (chunk->whole) {
      bytes += chunk->bytes().size();
      continue;
    }
    for (const auto& entry : EntriesOf(*chunk)) bytes += entry.message.size + kRecordFrame;
    for (const auto& resource : chunk->resources) bytes += resource.message.size + kResourceFrame;
  }
  return bytes;
}

}  // namespace

std::string EncodeOtlpProtobuf(const span::SpanBatch& batch) {
  return Encode(batch);
}
std::string EncodeOtlpProtobuf(const signal::MetricBatch& batch) {
  return Encode(batch);
}
std::string EncodeOtlpProtobuf(const signal::LogBatch& batch) {
  return Encode(batch);
}

size_t EncodedOtlpSize(const span::SpanBatch& batch) {
  return EncodedSize(batch);
}
size_t EncodedOtlpSize(const signal::MetricBatch& batch) {
  return EncodedSize(batch);
}
size_t EncodedOtlpSize(const signal::LogBatch& batch) {
  return EncodedSize(batch);
}

}  // namespace spandrel::wire
