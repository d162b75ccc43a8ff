// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/writer.h"
#include "span/span_batch.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

// Test support: plain OTLP requests of a wanted size.
namespace spandrel::wire {

// A request of `count` spans of one service. Span ids count from `first_id`, which is not 0; names
// are "span <id>"; each span carries an attribute of `padding` bytes.
inline std::string MakeTestRequest(std::string_view service, uint64_t first_id, size_t count,
                                   size_t padding = 0) {
  std::string request;
  proto::Writer writer(&request);
  const auto string_attribute = [&writer](uint32_t field, std::string_view key,
                                          std::string_view value) {
    const size_t attribute = writer.Open(field);
    writer.Bytes(span::otlp::kKeyValueKey, key);
    const size_t any_value = writer.Open(span::otlp::kKeyValueValue);
    writer.Bytes(span::otlp::kAnyValueString, value);
    writer.Close(any_value);
    writer.Close(attribute);
  };
  const size_t resource_spans = writer.Open(span::otlp::kRequestResourceSpans);
  const size_t resource = writer.Open(span::otlp::kResourceSpansResource);
  string_attribute(span::otlp::kResourceAttributes, "service.name", service);
  writer.Close(resource);
  const size_t scope_spans = writer.Open(span::otlp::kResourceSpansScopeSpans);
  for (uint64_t id = first_id; id < first_id + count; ++id) {
    std::string span_id(8, '\0');
    for (int i = 0; i < 8; ++i) span_id[i] = static_cast<char>(id >> (56 - 8 * i));
    const size_t span = writer.Open(span::otlp::kScopeSpansSpans);
    writer.Bytes(span::otlp::kSpanTraceId, span_id + span_id);
    writer.Bytes(span::otlp::kSpanSpanId, span_id);
    writer.Bytes(span::otlp::kSpanName, "span " + std::to_string(id));
    writer.Fixed64(span::otlp::kSpanStartTime, 1'700'000'000'000'000'000 + id);
    writer.Fixed64(span::otlp::kSpanEndTime, 1'700'000'000'000'001'000 + id);
    if (padding > 0)
      string_attribute(span::otlp::kSpanAttributes, "pad", std::string(padding, 'x'));
    writer.Close(span);
  }
  writer.Close(scope_spans);
  writer.Close(resource_spans);
  return request;
}

// The same, decoded; ends the test program when the request is not well-formed.
inline span::SpanBatch MakeTestBatch(std::string_view service, uint64_t first_id, size_t count,
                                     size_t padding = 0) {
  auto decoded =
      DecodeOtlpProtobuf(base::MakeSharedBytes(MakeTestRequest(service, first_id, count, padding)));
  SPANDREL_CHECK(decoded.ok());
  return span::SpanBatch(std::move(decoded->chunk));
}

}  // namespace spandrel::wire
