// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "columnar/part/write/part_writer.h"
#include "proto/writer.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

// A small part for tests.
namespace spandrel::columnar {

inline void AppendAttribute(proto::Writer& writer, std::string_view key, std::string_view value) {
  const size_t attribute = writer.Open(span::otlp::kSpanAttributes);
  writer.Bytes(span::otlp::kKeyValueKey, key);
  const size_t any = writer.Open(span::otlp::kKeyValueValue);
  writer.Bytes(span::otlp::kAnyValueString, value);
  writer.Close(any);
  writer.Close(attribute);
}

// Ten traces of four spans with texts of few and of many values, an int, an event and a parent.
inline std::string SampleRequest() {
  std::string bytes;
  proto::Writer writer(&bytes);
  const size_t resource_spans = writer.Open(span::otlp::kRequestResourceSpans);
  const size_t scope_spans = writer.Open(span::otlp::kResourceSpansScopeSpans);
  for (char i = 1; i <= 40; ++i) {
    const size_t span = writer.Open(span::otlp::kScopeSpansSpans);
    writer.Bytes(span::otlp::kSpanTraceId, std::string(16, static_cast<char>((i - 1) / 4 + 1)));
    writer.Bytes(span::otlp::kSpanSpanId, std::string(8, i));
    if (i % 4 != 1) writer.Bytes(span::otlp::kSpanParentSpanId, std::string(8, i - 1));
    writer.Bytes(span::otlp::kSpanName, "work");
    writer.Fixed64(span::otlp::kSpanStartTime, 1'000'000 + static_cast<uint64_t>(i));
    writer.Fixed64(span::otlp::kSpanEndTime, 2'000'000 + static_cast<uint64_t>(i * i));
    AppendAttribute(writer, "key", i % 2 == 0 ? "value" : "other");
    AppendAttribute(writer, "url", "/orders/" + std::to_string(i * 7919) + "/items");
    const size_t event = writer.Open(span::otlp::kSpanEvents);
    writer.Bytes(span::otlp::kEventName, "note");
    writer.Close(event);
    writer.Close(span);
  }
  writer.Close(scope_spans);
  writer.Close(resource_spans);
  return bytes;
}

// Its spans as a row group of `part`.
inline EncodedRowGroup SampleGroup(PartWriter& part) {
  static const auto request = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(SampleRequest()));
  const span::SpanChunk& chunk = *request->chunk;
  span::TraceId trace;
  for (const span::SpanEntry& entry : chunk.spans) {
    if (entry.trace_id != trace) part.rows().BeginTrace(entry.trace_id);
    trace = entry.trace_id;
    part.rows().AddSpan(entry, entry.message.In(chunk.bytes()), entry.name.In(chunk.bytes()),
                        part.dictionary().AddScope(chunk, entry.scope));
  }
  EncodedRowGroup group = EncodeRowGroup(part.rows(), Effort::kFast);
  part.rows().Clear();
  return group;
}

}  // namespace spandrel::columnar
