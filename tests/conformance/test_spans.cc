// SPDX-License-Identifier: Apache-2.0
#include "conformance/test_spans.h"

#include <array>
#include <bit>

#include "base/check.h"
#include "proto/writer.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

namespace spandrel::conformance {
namespace {

namespace otlp = span::otlp;
using proto::NestedMessage;
using proto::Writer;

template <typename ValueVariant>
void WriteScalar(Writer& writer, const ValueVariant& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    writer.Bytes(otlp::kAnyValueString, *text);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    writer.Varint(otlp::kAnyValueBool, *flag ? 1 : 0);
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    writer.Varint(otlp::kAnyValueInt, static_cast<uint64_t>(*number));
  } else {
    writer.Fixed64(otlp::kAnyValueDouble, std::bit_cast<uint64_t>(std::get<double>(value)));
  }
}

void WriteValue(Writer& writer, const TestValue& value) {
  const auto* array = std::get_if<TestArray>(&value);
  if (array == nullptr) return WriteScalar(writer, value);
  const NestedMessage message(writer, otlp::kAnyValueArray);
  for (const TestScalar& element : *array) {
    const NestedMessage any_value(writer, otlp::kListValues);
    WriteScalar(writer, element);
  }
}

void WriteAttributes(Writer& writer, uint32_t field, const TestAttributes& attributes) {
  for (const auto& [key, value] : attributes) {
    const NestedMessage attribute(writer, field);
    writer.Bytes(otlp::kKeyValueKey, key);
    const NestedMessage any_value(writer, otlp::kKeyValueValue);
    WriteValue(writer, value);
  }
}

void WriteEvents(Writer& writer, const std::vector<TestEvent>& events) {
  for (const TestEvent& event : events) {
    const NestedMessage message(writer, otlp::kSpanEvents);
    writer.Fixed64(otlp::kEventTime, event.time_unix_nano);
    writer.Bytes(otlp::kEventName, event.name);
    WriteAttributes(writer, otlp::kEventAttributes, event.attributes);
  }
}

void WriteLinks(Writer& writer, const std::vector<TestLink>& links) {
  for (const TestLink& link : links) {
    const NestedMessage message(writer, otlp::kSpanLinks);
    writer.Bytes(otlp::kLinkTraceId, TraceIdOf(link.trace).view());
    writer.Bytes(otlp::kLinkSpanId, SpanIdOf(link.span).view());
    WriteAttributes(writer, otlp::kLinkAttributes, link.attributes);
  }
}

void WriteSpan(Writer& writer, const TestSpan& test_span) {
  writer.Bytes(otlp::kSpanTraceId, TraceIdOf(test_span.trace).view());
  writer.Bytes(otlp::kSpanSpanId, SpanIdOf(test_span.span).view());
  if (test_span.parent != 0) {
    writer.Bytes(otlp::kSpanParentSpanId, SpanIdOf(test_span.parent).view());
  }
  writer.Bytes(otlp::kSpanName, test_span.name);
  writer.Varint(otlp::kSpanKind, static_cast<uint64_t>(test_span.kind));
  writer.Fixed64(otlp::kSpanStartTime, test_span.start);
  writer.Fixed64(otlp::kSpanEndTime, test_span.start + test_span.duration);
  WriteAttributes(writer, otlp::kSpanAttributes, test_span.attributes);
  WriteEvents(writer, test_span.events);
  WriteLinks(writer, test_span.links);
  const NestedMessage status(writer, otlp::kSpanStatus);
  if (!test_span.status_message.empty()) {
    writer.Bytes(otlp::kStatusMessage, test_span.status_message);
  }
  writer.Varint(otlp::kStatusCode, static_cast<uint64_t>(test_span.status));
}

void WriteResourceSpans(Writer& writer, const TestSpan& test_span) {
  {
    const NestedMessage resource(writer, otlp::kResourceSpansResource);
    TestAttributes attributes = {{"service.name", test_span.service}};
    attributes.insert(attributes.end(), test_span.resource_attributes.begin(),
                      test_span.resource_attributes.end());
    WriteAttributes(writer, otlp::kResourceAttributes, attributes);
  }
  const NestedMessage scope_spans(writer, otlp::kResourceSpansScopeSpans);
  {
    const NestedMessage scope(writer, otlp::kScopeSpansScope);
    writer.Bytes(otlp::kScopeName, test_span.scope_name);
    WriteAttributes(writer, otlp::kScopeAttributes, test_span.scope_attributes);
  }
  const NestedMessage message(writer, otlp::kScopeSpansSpans);
  WriteSpan(writer, test_span);
}

template <size_t kSize>
span::Id<kSize> IdOf(uint64_t number) {
  span::Id<kSize> id;
  for (size_t i = 0; i < 8; ++i) id.bytes[kSize - 1 - i] = static_cast<uint8_t>(number >> (8 * i));
  return id;
}

uint64_t Below(std::mt19937_64& random, uint64_t bound) {
  return random() % bound;
}

TestScalar RandomScalar(std::mt19937_64& random) {
  static constexpr std::array<const char*, 4> kTexts = {"a", "b", "10", "true"};
  switch (Below(random, 4)) {
    case 0:
      return std::string(kTexts[Below(random, kTexts.size())]);
    case 1:
      return static_cast<int64_t>(Below(random, 12));
    case 2:
      return static_cast<double>(Below(random, 24)) / 2;
    default:
      return Below(random, 2) == 0;
  }
}

TestValue RandomValue(std::mt19937_64& random) {
  if (Below(random, 6) != 0) {
    return std::visit([](auto value) { return TestValue(std::move(value)); }, RandomScalar(random));
  }
  TestArray array;
  for (size_t i = Below(random, 4); i > 0; --i) array.push_back(RandomScalar(random));
  return array;
}

TestAttributes RandomAttributes(std::mt19937_64& random) {
  TestAttributes attributes;
  const size_t count = Below(random, 4);
  for (size_t i = 0; i < count; ++i) {
    attributes.emplace_back("k" + std::to_string(Below(random, 3)), RandomValue(random));
  }
  return attributes;
}

TestSpan RandomSpan(std::mt19937_64& random) {
  TestSpan span;
  span.service = "service-" + std::to_string(Below(random, 3));
  span.name = "operation-" + std::to_string(Below(random, 4));
  span.duration = uint64_t{1} << Below(random, 34);
  span.kind = static_cast<span::SpanKind>(Below(random, 6));
  span.status = Below(random, 5) == 0 ? span::SpanStatus::kError : span::SpanStatus::kUnset;
  span.attributes = RandomAttributes(random);
  if (Below(random, 3) == 0) span.resource_attributes = RandomAttributes(random);
  if (Below(random, 3) == 0) span.scope_attributes = RandomAttributes(random);
  for (size_t i = Below(random, 4) / 2 * (1 + Below(random, 2)); i > 0; --i) {
    span.events.push_back({span.start + Below(random, 1000),
                           Below(random, 2) == 0 ? "exception" : "retry",
                           RandomAttributes(random)});
  }
  if (Below(random, 6) == 0) {
    span.links.push_back({Below(random, 9) + 1, Below(random, 9) + 1, RandomAttributes(random)});
  }
  return span;
}

}  // namespace

span::TraceId TraceIdOf(uint64_t number) {
  return IdOf<16>(number);
}

span::SpanId SpanIdOf(uint64_t number) {
  return IdOf<8>(number);
}

std::string EncodeRequest(const std::vector<TestSpan>& spans) {
  std::string bytes;
  Writer writer(&bytes);
  for (const TestSpan& test_span : spans) {
    const NestedMessage resource_spans(writer, otlp::kRequestResourceSpans);
    WriteResourceSpans(writer, test_span);
  }
  return bytes;
}

span::SpanBatch MakeBatch(const std::vector<TestSpan>& spans) {
  auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(EncodeRequest(spans)));
  SPANDREL_CHECK(decoded.ok());
  SPANDREL_CHECK(decoded->rejected_spans == 0);
  return span::SpanBatch(decoded->chunk);
}

span::SpanBatch Weighted(const span::SpanBatch& batch,
                         const std::function<uint16_t(const span::TraceId&)>& weight_of) {
  span::SpanBatch weighted;
  for (const auto& chunk : batch.chunks()) {
    auto kept = std::make_shared<span::SpanChunk>();
    kept->buffer = chunk->buffer;
    kept->resources = chunk->resources;
    kept->scopes = chunk->scopes;
    for (span::SpanEntry entry : chunk->spans) {
      entry.weight = weight_of(entry.trace_id);
      if (entry.weight > 0) kept->spans.push_back(entry);
    }
    weighted.Append(std::move(kept));
  }
  return weighted;
}

std::vector<TestSpan> RandomSpans(std::mt19937_64& random, uint64_t first_trace, size_t count,
                                  uint64_t start, uint64_t window) {
  std::vector<TestSpan> spans;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t trace_start = start + Below(random, window);
    const size_t size = 1 + Below(random, 6);
    for (uint64_t number = 1; number <= size; ++number) {
      TestSpan span = RandomSpan(random);
      span.trace = first_trace + i;
      span.span = number;
      // Now and then a parent that is not there, or the span itself.
      span.parent = number == 1 ? (Below(random, 8) == 0 ? 77 : 0) : Below(random, number + 1);
      span.start = trace_start + Below(random, window / 16 + 1);
      spans.push_back(std::move(span));
    }
  }
  return spans;
}

}  // namespace spandrel::conformance
