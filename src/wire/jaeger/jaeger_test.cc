// SPDX-License-Identifier: Apache-2.0
#include "wire/jaeger/jaeger.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "proto/writer.h"
#include "wire/jaeger/jaeger_json.h"
#include "wire/otlp/otlp.h"
#include "wire/testing/random_request.h"

namespace spandrel::wire {
namespace {

std::string ReadTestdata(const std::string& name) {
  std::ifstream file(std::string(SPANDREL_TESTDATA) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

span::SpanBatch BatchOfJson(const std::string& json) {
  auto decoded = DecodeOtlpJson(json);
  EXPECT_TRUE(decoded.ok()) << decoded.status().ToString();
  return decoded.ok() ? span::SpanBatch(decoded->chunk) : span::SpanBatch();
}

// Every name and value of a tag list, as text, in order.
std::string Describe(const std::vector<JaegerTag>& tags) {
  std::string text;
  for (const JaegerTag& tag : tags) {
    text += tag.key + "=" + std::to_string(tag.value.index()) + ";";
  }
  return text;
}

TEST(JaegerModel, MapsASpanAsTheCollectorDoes) {
  const auto batch = BatchOfJson(ReadTestdata("everything.json"));
  const span::SpanRef ref(*batch.chunks()[0], 0);
  const JaegerSpan span = ToJaegerSpan(ref);
  EXPECT_EQ(span.trace_id.ToHex(), "0102030405060708090a0b0c0d0e0f10");
  EXPECT_EQ(span.operation_name, "GET /cart/{id} \"q\"\n");
  EXPECT_EQ(span.start_time_unix_nano, 1700000000000000001u);
  EXPECT_EQ(span.duration_nano, 998u);
  EXPECT_EQ(span.flags, 1u);

  ASSERT_EQ(span.references.size(), 2u);
  EXPECT_EQ(span.references[0].type, JaegerReference::Type::kChildOf);
  EXPECT_EQ(span.references[0].span_id.ToHex(), "1112131415161718");
  EXPECT_EQ(span.references[1].type, JaegerReference::Type::kFollowsFrom);
  EXPECT_EQ(span.references[1].span_id.ToHex(), "2102030405060708");

  EXPECT_EQ(Describe(span.tags),
            "otel.scope.name=0;otel.scope.version=0;string=0;bool=1;int=2;double=3;nan=3;inf=3;"
            "minus inf=3;bytes=4;array=0;map=0;empty=0;absent=0;=2;string=0;span.kind=0;"
            "otel.status_code=0;error=1;otel.status_description=0;w3c.tracestate=0;");
  ASSERT_EQ(span.logs.size(), 2u);
  EXPECT_EQ(span.logs[0].time_unix_nano, 1700000000000000002u);
  EXPECT_EQ(Describe(span.logs[0].fields), "event=0;exception.type=0;");
  EXPECT_TRUE(span.logs[1].fields.empty());

  const JaegerProcess process = ToJaegerProcess(ref);
  EXPECT_EQ(process.service_name, "shop");
  EXPECT_EQ(Describe(process.tags), "host.id=4;");
}

TEST(JaegerModel, WarningsAreNoTag) {
  const auto warnings_of = [](const std::string& value) {
    const auto batch = BatchOfJson(R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":
        "00000000000000000000000000000001","spanId":"0000000000000001","attributes":[
        {"key":"@jaeger@warnings","value":)" +
                                   value + R"(},{"key":"k","value":{"intValue":1}}]}]}]}]})");
    const JaegerSpan span = ToJaegerSpan(span::SpanRef(*batch.chunks()[0], 0));
    EXPECT_EQ(Describe(span.tags), "k=2;");
    return span.warnings;
  };
  EXPECT_EQ(warnings_of(R"({"arrayValue":{"values":[{"stringValue":"a"},{"intValue":2}]}})"),
            (std::vector<std::string>{"a", "2"}));
  EXPECT_EQ(warnings_of(R"({"stringValue":"one"})"), std::vector<std::string>{"one"});
}

TEST(JaegerModel, NamesAProcessWithoutAService) {
  const auto batch = BatchOfJson(
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10",)"
      R"("spanId":"0102030405060708"}]}]}]})");
  const span::SpanRef ref(*batch.chunks()[0], 0);
  EXPECT_EQ(ToJaegerProcess(ref).service_name, "OTLPResourceNoServiceName");
  EXPECT_TRUE(ToJaegerSpan(ref).tags.empty());
}

TEST(JaegerJson, WritesTheLegacyTraceObject) {
  std::string golden = ReadTestdata("everything_jaeger.json");
  while (!golden.empty() && golden.back() == '\n') golden.pop_back();
  std::string json;
  AppendJaegerTraceJson(BatchOfJson(ReadTestdata("everything.json")), &json);
  EXPECT_EQ(json, golden);
}

TEST(JaegerJson, ShortTraceIdsHaveSixteenDigits) {
  std::string json;
  AppendJaegerTraceJson(
      BatchOfJson(
          R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0000000000000000090a0b0c0d0e0f10",)"
          R"("spanId":"0102030405060708","name":"n"}]}]}]})"),
      &json);
  EXPECT_EQ(json,
            R"({"traceID":"090a0b0c0d0e0f10","spans":[{"traceID":"090a0b0c0d0e0f10",)"
            R"("spanID":"0102030405060708","operationName":"n","references":[],"startTime":0,)"
            R"("duration":0,"tags":[],"logs":[],"processID":"p1","warnings":null}],)"
            R"("processes":{"p1":{"serviceName":"OTLPResourceNoServiceName","tags":[]}},)"
            R"("warnings":null})");
}

TEST(JaegerProto, EncodedBatchesReadBackTheSame) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    auto decoded =
        DecodeOtlpProtobuf(base::MakeSharedBytes(RandomRequest(seed).Make().SerializeAsString()));
    ASSERT_TRUE(decoded.ok());
    const span::SpanBatch batch(decoded->chunk);
    std::vector<JaegerSpan> expected;
    span::ForEachSpan(batch, [&](const auto& ref) { expected.push_back(ToJaegerSpan(ref)); });
    std::vector<JaegerSpan> read;
    for (const std::string& request : EncodePostSpansRequests(batch)) {
      auto jaeger = DecodePostSpansRequest(request);
      ASSERT_TRUE(jaeger.ok()) << jaeger.status().ToString();
      EXPECT_FALSE(jaeger->process.service_name.empty());
      for (auto& span : jaeger->spans) read.push_back(std::move(span.span));
    }
    const auto by_id = [](const auto& a, const auto& b) { return a.span_id < b.span_id; };
    std::sort(expected.begin(), expected.end(), by_id);
    std::sort(read.begin(), read.end(), by_id);
    EXPECT_TRUE(expected == read);
  }
}

TEST(JaegerProto, OneRequestForEachResource) {
  span::SpanBatch batch = BatchOfJson(ReadTestdata("everything.json"));
  batch.Append(BatchOfJson(ReadTestdata("trace.json")));
  const auto requests = EncodePostSpansRequests(batch);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(DecodePostSpansRequest(requests[0])->process.service_name, "shop");
  EXPECT_EQ(DecodePostSpansRequest(requests[1])->process.service_name, "my.service");
}

TEST(JaegerProto, ChunksOfAnAnswerHaveTheProcessInEachSpan) {
  span::SpanBatch batch = BatchOfJson(ReadTestdata("everything.json"));
  batch.Append(BatchOfJson(ReadTestdata("trace.json")));
  for (const size_t max_bytes : {size_t{1}, size_t{2000}, size_t{1} << 20}) {
    std::vector<std::string> services;
    size_t chunks = 0;
    const auto status = WriteJaegerSpanChunks(batch, max_bytes, [&](std::string_view chunk) {
      ++chunks;
      std::string request;
      proto::Writer(&request).Bytes(1, chunk);
      const auto read = DecodePostSpansRequest(request);
      EXPECT_TRUE(read.ok()) << read.status().ToString();
      EXPECT_TRUE(chunk.size() <= max_bytes || read->spans.size() == 1u);
      for (const auto& span : read->spans) services.push_back(span.process.value().service_name);
      return base::Status();
    });
    EXPECT_TRUE(status.ok());
    std::vector<std::string> expected;
    span::ForEachSpan(
        batch, [&](const auto& ref) { expected.push_back(ToJaegerProcess(ref).service_name); });
    EXPECT_EQ(services, expected);
    EXPECT_EQ(chunks, max_bytes == 1 ? expected.size() : max_bytes == 2000 ? chunks : 1u);
  }
  const base::Status gone(base::StatusCode::kCancelled, "gone");
  EXPECT_EQ(WriteJaegerSpanChunks(batch, 1, [&](std::string_view) { return gone; }).code(),
            base::StatusCode::kCancelled);
}

TEST(JaegerProto, PrefixesAreRefusedOrShorter) {
  const auto batch = BatchOfJson(ReadTestdata("everything.json"));
  const std::string request = EncodePostSpansRequests(batch)[0];
  for (size_t size = 1; size < request.size(); ++size) {
    EXPECT_FALSE(DecodePostSpansRequest(std::string_view(request).substr(0, size)).ok()) << size;
  }
}

TEST(JaegerProto, ShortTraceIdsArePaddedAndOthersRefused) {
  const std::string span_id = std::string("\x12\x08") + "12345678";
  const auto request = [&](const std::string& trace_id) {
    const std::string span =
        "\x0a" + std::string(1, static_cast<char>(trace_id.size())) + trace_id + span_id;
    const std::string batch = "\x0a" + std::string(1, static_cast<char>(span.size())) + span;
    return "\x0a" + std::string(1, static_cast<char>(batch.size())) + batch;
  };
  const auto batch = DecodePostSpansRequest(request("abcdefgh"));
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(batch->spans[0].span.trace_id.ToHex(), "00000000000000006162636465666768");
  EXPECT_FALSE(DecodePostSpansRequest(request("abcdefg")).ok());
  EXPECT_FALSE(DecodePostSpansRequest(request(std::string(16, '\0'))).ok());
}

}  // namespace
}  // namespace spandrel::wire
