// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/decode.h"
#include "config/document.h"
#include "pipeline/factories.h"
#include "proto/writer.h"
#include "signal/origin.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

// Test support: a processor made from YAML, spans with attributes of every type, and what comes
// out.
namespace spandrel::processors {

// Attributes in their order, each an AnyValue message.
using TestAttributes = std::vector<std::pair<std::string, std::string>>;

inline std::string Text(std::string_view text) {
  std::string message;
  proto::Writer(&message).Bytes(proto::otlp::kAnyValueString, text);
  return message;
}
inline std::string Int(int64_t value) {
  std::string message;
  proto::Writer(&message).Varint(proto::otlp::kAnyValueInt, static_cast<uint64_t>(value));
  return message;
}
inline std::string Bool(bool value) {
  std::string message;
  proto::Writer(&message).Varint(proto::otlp::kAnyValueBool, value ? 1 : 0);
  return message;
}
inline std::string Double(double value) {
  std::string message;
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  proto::Writer(&message).Fixed64(proto::otlp::kAnyValueDouble, bits);
  return message;
}
inline std::string Array(const std::vector<std::string>& values) {
  std::string list;
  for (const auto& value : values) {
    proto::Writer(&list).Bytes(proto::otlp::kListValues, value);
  }
  std::string message;
  proto::Writer(&message).Bytes(proto::otlp::kAnyValueArray, list);
  return message;
}

struct TestSpan {
  std::string name = "span";
  span::SpanKind kind = span::SpanKind::kServer;
  TestAttributes attributes;
};

struct TestRequest {
  TestAttributes resource = {{"service.name", Text("shop")}};
  std::string library = "lib";
  std::string version = "1.0";
  std::vector<TestSpan> spans;
};

inline void WriteAttributes(uint32_t field, const TestAttributes& attributes,
                            proto::Writer& writer) {
  for (const auto& [key, value] : attributes) {
    const proto::NestedMessage attribute(writer, field);
    writer.Bytes(proto::otlp::kKeyValueKey, key);
    writer.Bytes(proto::otlp::kKeyValueValue, value);
  }
}

inline span::SpanBatch MakeBatch(const TestRequest& request) {
  namespace otlp = proto::otlp;
  std::string bytes;
  proto::Writer writer(&bytes);
  {
    const proto::NestedMessage group(writer, otlp::kRequestResourceSpans);
    {
      const proto::NestedMessage resource(writer, otlp::kResourceSpansResource);
      WriteAttributes(otlp::kResourceAttributes, request.resource, writer);
    }
    const proto::NestedMessage scope_spans(writer, otlp::kResourceSpansScopeSpans);
    {
      const proto::NestedMessage scope(writer, otlp::kScopeSpansScope);
      writer.Bytes(otlp::kScopeName, request.library);
      writer.Bytes(otlp::kScopeVersion, request.version);
    }
    for (const TestSpan& span : request.spans) {
      const proto::NestedMessage message(writer, otlp::kScopeSpansSpans);
      writer.Bytes(otlp::kSpanTraceId, "0123456789abcdef");
      writer.Bytes(otlp::kSpanSpanId, "01234567");
      writer.Bytes(otlp::kSpanName, span.name);
      writer.Varint(otlp::kSpanKind, static_cast<uint64_t>(span.kind));
      WriteAttributes(otlp::kSpanAttributes, span.attributes, writer);
    }
  }
  auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(std::move(bytes)));
  SPANDREL_CHECK(decoded.ok());
  return span::SpanBatch(std::move(decoded->chunk));
}

inline TestAttributes ReadAttributes(std::string_view message, uint32_t field) {
  TestAttributes attributes;
  span::MessageReader messages(message, field);
  while (const auto key_value = messages.Next()) {
    span::MessageReader keys(*key_value, proto::otlp::kKeyValueKey);
    span::MessageReader values(*key_value, proto::otlp::kKeyValueValue);
    attributes.emplace_back(keys.Next().value_or(""), values.Next().value_or(""));
  }
  return attributes;
}

// Keeps what it gets.
class KeepingConsumer : public pipeline::Consumer<span::SpanBatch> {
 public:
  void Consume(span::SpanBatch&& batch, pipeline::Completion done) override {
    batches.push_back(std::move(batch));
    done({});
  }
  std::vector<span::SpanBatch> batches;
};

class EditFixture : public ::testing::Test {
 protected:
  explicit EditFixture(pipeline::ProcessorFactory factory) : factory_(std::move(factory)) {}

  std::shared_ptr<const pipeline::ConfigBase> Decode(std::string_view yaml,
                                                     config::Problems* problems) const {
    auto document = config::ParseYaml(yaml, "test.yaml", problems);
    EXPECT_TRUE(document.ok()) << problems->ToString();
    config::Decoder decoder(document->root, problems);
    return factory_.decode(decoder);
  }
  // What is wrong with a configuration, a line each.
  std::string ProblemsOf(std::string_view yaml) const {
    config::Problems problems;
    Decode(yaml, &problems);
    problems.SortByPlace();
    return problems.ToString();
  }

  // What the processor makes of the request.
  span::SpanBatch Run(std::string_view yaml, const TestRequest& request) {
    config::Problems problems;
    auto config = Decode(yaml, &problems);
    EXPECT_EQ(problems.ToString(), "");
    auto processor = factory_.create.traces({"edit", metrics_, memory_}, config, sink_);
    EXPECT_TRUE(processor.ok());
    EXPECT_TRUE((*processor)->Start().ok());
    std::optional<base::Status> outcome;
    span::SpanBatch source = MakeBatch(request);
    source.set_origin(origin_);
    (*processor)->Consume(std::move(source), [&](base::Status status) { outcome = status; });
    EXPECT_TRUE(outcome && outcome->ok());
    span::SpanBatch batch = std::move(sink_->batches.back());
    sink_->batches.clear();
    EXPECT_EQ(batch.origin(), origin_);
    return batch;
  }

  // The attributes of one span after the actions.
  TestAttributes RunOnSpan(std::string_view yaml, TestAttributes attributes) {
    TestRequest request;
    request.spans.push_back({.attributes = std::move(attributes)});
    return SpanAttributes(Run(yaml, request), 0);
  }

  static TestAttributes SpanAttributes(const span::SpanBatch& batch, size_t index) {
    const span::SpanRef ref(*batch.chunks().front(), index);
    return ReadAttributes(ref.message(), proto::otlp::kSpanAttributes);
  }
  static TestAttributes ResourceAttributes(const span::SpanBatch& batch) {
    const span::SpanRef ref(*batch.chunks().front(), 0);
    return ReadAttributes(ref.resource().message, proto::otlp::kResourceAttributes);
  }
  uint64_t CounterValue(std::string_view name, base::MetricLabels labels) {
    return metrics_.AddCounter(name, std::move(labels)).value();
  }

  const pipeline::ProcessorFactory factory_;
  std::shared_ptr<const signal::Origin> origin_;
  base::MetricRegistry metrics_;
  base::ByteBudget memory_{16 << 20};
  const std::shared_ptr<KeepingConsumer> sink_ = std::make_shared<KeepingConsumer>();
};

}  // namespace spandrel::processors
