// SPDX-License-Identifier: Apache-2.0
#include "conformance/test_spans.h"

#include <array>
#include <protozero/pbf_writer.hpp>

#include "base/check.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

namespace spandrel::conformance {
namespace {

namespace otlp = span::otlp;
using protozero::pbf_writer;

template <typename ValueVariant>
void WriteScalar(pbf_writer& writer, const ValueVariant& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    writer.add_string(otlp::kAnyValueString, *text);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    writer.add_bool(otlp::kAnyValueBool, *flag);
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    writer.add_int64(otlp::kAnyValueInt, *number);
  } else {
    writer.add_double(otlp::kAnyValueDouble, std::get<double>(value));
  }
}

void WriteValue(pbf_writer& writer, const TestValue& value) {
  const auto* array = std::get_if<TestArray>(&value);
  if (array == nullptr) return WriteScalar(writer, value);
  pbf_writer message(writer, otlp::kAnyValueArray);
  for (const TestScalar& element : *array) {
    pbf_writer any_value(message, otlp::kListValues);
    WriteScalar(any_value, element);
  }
}

void WriteAttributes(pbf_writer& writer, uint32_t field, const TestAttributes& attributes) {
  for (const auto& [key, value] : attributes) {
    pbf_writer attribute(writer, field);
    attribute.add_string(otlp::kKeyValueKey, key);
    pbf_writer any_value(attribute, otlp::kKeyValueValue);
    WriteValue(any_value, value);
  }
}

void WriteEvents(pbf_writer& writer, const std::vector<TestEvent>& events) {
  for (const TestEvent& event : events) {
    pbf_writer message(writer, otlp::kSpanEvents);
    message.add_fixed64(otlp::kEventTime, event.time_unix_nano);
    message.add_string(otlp::kEventName, event.name);
    WriteAttributes(message, otlp::kEventAttributes, event.attributes);
  }
}

void WriteLinks(pbf_writer& writer, const std::vector<TestLink>& links) {
  for (const TestLink& link : links) {
    pbf_writer message(writer, otlp::kSpanLinks);
    message.add_bytes(otlp::kLinkTraceId, std::string(TraceIdOf(link.trace).view()));
    message.add_bytes(otlp::kLinkSpanId, std::string(SpanIdOf(link.span).view()));
    WriteAttributes(message, otlp::kLinkAttributes, link.attributes);
  }
}

void WriteSpan(pbf_writer& writer, const TestSpan& test_span) {
  writer.add_bytes(otlp::kSpanTraceId, std::string(TraceIdOf(test_span.trace).view()));
  writer.add_bytes(otlp::kSpanSpanId, std::string(SpanIdOf(test_span.span).view()));
  if (test_span.parent != 0) {
    writer.add_bytes(otlp::kSpanParentSpanId, std::string(SpanIdOf(test_span.parent).view()));
  }
  writer.add_string(otlp::kSpanName, test_span.name);
  writer.add_enum(otlp::kSpanKind, static_cast<int32_t>(test_span.kind));
  writer.add_fixed64(otlp::kSpanStartTime, test_span.start);
  writer.add_fixed64(otlp::kSpanEndTime, test_span.start + test_span.duration);
  WriteAttributes(writer, otlp::kSpanAttributes, test_span.attributes);
  WriteEvents(writer, test_span.events);
  WriteLinks(writer, test_span.links);
  pbf_writer status(writer, otlp::kSpanStatus);
  if (!test_span.status_message.empty()) {
    status.add_string(otlp::kStatusMessage, test_span.status_message);
  }
  status.add_enum(otlp::kStatusCode, static_cast<int32_t>(test_span.status));
}

void WriteResourceSpans(pbf_writer& writer, const TestSpan& test_span) {
  {
    pbf_writer resource(writer, otlp::kResourceSpansResource);
    TestAttributes attributes = {{"service.name", test_span.service}};
    attributes.insert(attributes.end(), test_span.resource_attributes.begin(),
                      test_span.resource_attributes.end());
    WriteAttributes(resource, otlp::kResourceAttributes, attributes);
  }
  pbf_writer scope_spans(writer, otlp::kResourceSpansScopeSpans);
  {
    pbf_writer scope(scope_spans, otlp::kScopeSpansScope);
    scope.add_string(otlp::kScopeName, test_span.scope_name);
    WriteAttributes(scope, otlp::kScopeAttributes, test_span.scope_attributes);
  }
  pbf_writer message(scope_spans, otlp::kScopeSpansSpans);
  WriteSpan(message, test_span);
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
  pbf_writer request(bytes);
  for (const TestSpan& test_span : spans) {
    pbf_writer resource_spans(request, otlp::kRequestResourceSpans);
    WriteResourceSpans(resource_spans, test_span);
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
