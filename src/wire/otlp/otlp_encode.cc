// SPDX-License-Identifier: Apache-2.0
#include "span/span_view.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/span_groups.h"
#include "wire/proto_writer.h"

namespace spandrel::wire {
namespace {

namespace otlp = span::otlp;

void WriteScopeGroup(const ScopeGroup& group, ProtoWriter* writer) {
  const span::SpanRef& first = group.spans.front();
  const size_t opened = writer->Open(otlp::kResourceSpansScopeSpans);
  if (first.scope_entry().present) writer->Bytes(otlp::kScopeSpansScope, first.scope().message);
  for (const span::SpanRef& ref : group.spans) {
    writer->Bytes(otlp::kScopeSpansSpans, ref.message());
  }
  if (const auto url = first.scope_schema_url(); !url.empty()) {
    writer->Bytes(otlp::kScopeSpansSchemaUrl, url);
  }
  writer->Close(opened);
}

void WriteResourceGroup(const ResourceGroup& group, ProtoWriter* writer) {
  const span::SpanRef& first = group.first();
  const size_t opened = writer->Open(otlp::kRequestResourceSpans);
  if (first.resource_entry().present) {
    writer->Bytes(otlp::kResourceSpansResource, first.resource().message);
  }
  for (const ScopeGroup& scope : group.scopes) WriteScopeGroup(scope, writer);
  if (const auto url = first.resource_schema_url(); !url.empty()) {
    writer->Bytes(otlp::kResourceSpansSchemaUrl, url);
  }
  writer->Close(opened);
}

}  // namespace

std::string EncodeOtlpProtobuf(const span::SpanBatch& batch) {
  std::string request;
  request.reserve(batch.byte_size() + batch.byte_size() / 8);
  span::SpanBatch partial;
  for (const auto& chunk : batch.chunks()) {
    if (chunk->whole) {
      request += chunk->bytes();
    } else {
      partial.Append(chunk);
    }
  }
  ProtoWriter writer(&request);
  for (const ResourceGroup& group : GroupByResource(partial)) WriteResourceGroup(group, &writer);
  return request;
}

}  // namespace spandrel::wire
