// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "span/span_view.h"
#include "wire/otlp/otlp.h"

namespace spandrel::wire {
namespace {

using span::SpanKind;
using span::SpanStatus;
using span::ValueType;

std::string ReadTestdata(const std::string& name) {
  std::ifstream file(std::string(SPANDREL_TESTDATA) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A request of one span with `members` beside its ids.
std::string OneSpan(const std::string& members) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10",)"
         R"("spanId":"0102030405060708")" +
         std::string(members.empty() ? "" : ",") + members + "}]}]}]}";
}

std::shared_ptr<const span::SpanChunk> MustDecode(const std::string& json) {
  auto decoded = DecodeOtlpJson(json);
  EXPECT_TRUE(decoded.ok()) << decoded.status().ToString();
  if (!decoded.ok()) return nullptr;
  return decoded->chunk;
}

std::string ErrorOf(const std::string& json) {
  auto decoded = DecodeOtlpJson(json);
  EXPECT_FALSE(decoded.ok()) << json;
  if (decoded.ok()) return "";
  EXPECT_EQ(decoded.status().code(), base::StatusCode::kInvalidArgument);
  return decoded.status().message();
}

span::ValueView AttributeOf(const span::SpanChunk& chunk, std::string_view key) {
  const auto value = span::FindAttribute(span::SpanRef(chunk, 0).span().attributes(), key);
  EXPECT_TRUE(value) << key;
  return value.value_or(span::ValueView());
}

span::ValueView ValueOf(const std::string& value, std::shared_ptr<const span::SpanChunk>* keep) {
  *keep = MustDecode(OneSpan(R"("attributes":[{"key":"k","value":)" + value + "}]"));
  return *keep ? AttributeOf(**keep, "k") : span::ValueView();
}

TEST(OtlpJson, ReadsTheExampleOfTheSpecification) {
  const auto chunk = MustDecode(ReadTestdata("trace.json"));
  ASSERT_TRUE(chunk);
  ASSERT_EQ(chunk->spans.size(), 1u);
  const span::SpanRef ref(*chunk, 0);
  EXPECT_EQ(ref.service_name(), "my.service");
  EXPECT_EQ(ref.scope().name, "my.library");
  EXPECT_EQ(ref.scope().version, "1.0.0");
  EXPECT_EQ(ref.name(), "I'm a server span");
  EXPECT_EQ(ref.entry().trace_id.ToHex(), "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(ref.entry().span_id.ToHex(), "eee19b7ec3c1b174");
  EXPECT_EQ(ref.entry().parent_span_id.ToHex(), "eee19b7ec3c1b173");
  EXPECT_EQ(ref.entry().start_time_unix_nano, 1544712660000000000u);
  EXPECT_EQ(ref.entry().kind, SpanKind::kServer);
}

TEST(OtlpJson, IsLiberalInWhatItReads) {
  const auto chunk = MustDecode(
      R"({"resource_spans":[{"resource":null,"scope_spans":[{"unknown":{"a":[1,{}]},"spans":[{)"
      R"("trace_id":"0102030405060708090A0B0C0D0E0F10","span_id":"0102030405060708",)"
      R"("parent_span_id":"","kind":"SPAN_KIND_CLIENT","start_time_unix_nano":1544712660000000000,)"
      R"("endTimeUnixNano":"1544712661000000000","status":{"code":"STATUS_CODE_ERROR"},)"
      R"("events":null,"flags":"257","traceState":null}]}]}]})");
  ASSERT_TRUE(chunk);
  ASSERT_EQ(chunk->spans.size(), 1u);
  const span::SpanEntry& entry = chunk->spans[0];
  EXPECT_EQ(entry.trace_id.ToHex(), "0102030405060708090a0b0c0d0e0f10");
  EXPECT_EQ(entry.kind, SpanKind::kClient);
  EXPECT_EQ(entry.status, SpanStatus::kError);
  EXPECT_EQ(entry.start_time_unix_nano, 1544712660000000000u);
  EXPECT_EQ(entry.duration_nano(), 1'000'000'000u);
  EXPECT_EQ(span::SpanRef(*chunk, 0).span().flags, 257u);
  EXPECT_TRUE(entry.parent_span_id.IsZero());
}

TEST(OtlpJson, ReadsEveryValueType) {
  std::shared_ptr<const span::SpanChunk> keep;
  EXPECT_EQ(ValueOf(R"({"stringValue":"\u00e9"})", &keep).bytes(), "\u00e9");
  EXPECT_EQ(ValueOf(R"({"boolValue":true})", &keep).as_bool(), true);
  EXPECT_EQ(ValueOf(R"({"intValue":"-9223372036854775808"})", &keep).as_int(), INT64_MIN);
  EXPECT_EQ(ValueOf(R"({"intValue":9007199254740993})", &keep).as_int(), 9007199254740993);
  EXPECT_EQ(ValueOf(R"({"intValue":1e3})", &keep).as_int(), 1000);
  EXPECT_EQ(ValueOf(R"({"doubleValue":1})", &keep).as_double(), 1.0);
  EXPECT_EQ(ValueOf(R"({"doubleValue":"0.5"})", &keep).as_double(), 0.5);
  EXPECT_TRUE(std::isnan(ValueOf(R"({"doubleValue":"NaN"})", &keep).as_double()));
  EXPECT_EQ(ValueOf(R"({"doubleValue":"-Infinity"})", &keep).as_double(), -INFINITY);
  EXPECT_EQ(ValueOf(R"({"bytesValue":"+/8="})", &keep).bytes(), "\xfb\xff");
  EXPECT_EQ(ValueOf(R"({"bytesValue":"-_8"})", &keep).bytes(), "\xfb\xff");
  EXPECT_EQ(ValueOf("{}", &keep).type(), ValueType::kEmpty);
  EXPECT_EQ(ValueOf("null", &keep).type(), ValueType::kEmpty);
  EXPECT_EQ(ValueOf(R"({"arrayValue":{}})", &keep).type(), ValueType::kArray);
  EXPECT_EQ(
      ValueOf(R"({"array_value":{"values":[{"intValue":1},{},null,{"boolValue":false}]}})", &keep)
          .ToText(),
      "[1,null,null,false]");
  EXPECT_EQ(ValueOf(R"({"kvlistValue":{"values":[{"value":{"arrayValue":{"values":[{}]}},)"
                    R"("key":"a"},{"key":"b"}]}})",
                    &keep)
                .ToText(),
            R"({"a":[null],"b":null})");
}

std::string Nested(int arrays) {
  std::string value;
  for (int i = 0; i < arrays; ++i) value += R"({"arrayValue":{"values":[)";
  value += "{}";
  for (int i = 0; i < arrays; ++i) value += "]}}";
  return OneSpan(R"("attributes":[{"key":"k","value":)" + value + "}]");
}

TEST(OtlpJson, NestsSixtyFourValuesAndNoMore) {
  EXPECT_TRUE(MustDecode(Nested(kMaxValueDepth - 1)));
  EXPECT_EQ(ErrorOf(Nested(kMaxValueDepth)), "otlp json: attributes: values nest deeper than 64");
  EXPECT_NE(ErrorOf(Nested(100'000)), "");
}

TEST(OtlpJson, NamesWhatIsWrong) {
  EXPECT_EQ(ErrorOf("[]"), "otlp json: request: is not an object");
  EXPECT_NE(ErrorOf(""), "");
  EXPECT_NE(ErrorOf("{"), "");
  EXPECT_EQ(ErrorOf(R"({"resourceSpans":{}})"), "otlp json: resourceSpans: is not an array");
  EXPECT_EQ(ErrorOf(R"({"resourceSpans":[null]})"), "otlp json: resourceSpans: is not an object");
  EXPECT_EQ(ErrorOf(OneSpan(R"("name":1)")), "otlp json: name: is not a string");
  EXPECT_EQ(ErrorOf(OneSpan(R"("parentSpanId":"AAAAAAAAAAE=")")),
            "otlp json: parentSpanId: is not hexadecimal");
  EXPECT_EQ(ErrorOf(OneSpan(R"("kind":"SERVER")")),
            "otlp json: kind: is neither a number nor a known name");
  EXPECT_EQ(ErrorOf(OneSpan(R"("startTimeUnixNano":-1)")),
            "otlp json: startTimeUnixNano: is not an unsigned 64-bit number");
  EXPECT_EQ(ErrorOf(OneSpan(R"("flags":4294967296)")),
            "otlp json: flags: is not an unsigned 32-bit number");
  EXPECT_EQ(ErrorOf(OneSpan(R"("attributes":[{"key":"k","value":{"intValue":1.5}}])")),
            "otlp json: attributes: intValue is not a 64-bit integer");
}

TEST(OtlpJson, CountsSpansWithBadIds) {
  auto decoded = DecodeOtlpJson(
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01","spanId":"0102030405060708",)"
      R"("name":"short"}]}]}]})");
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->rejected_spans, 1u);
  EXPECT_EQ(decoded->rejected_reason, "span \"short\": trace id has 1 bytes, not 16");
}

TEST(OtlpJson, WritesWhatTheGoldenFileSays) {
  std::string golden = ReadTestdata("everything.json");
  while (!golden.empty() && golden.back() == '\n') golden.pop_back();
  const auto chunk = MustDecode(golden);
  ASSERT_TRUE(chunk);
  EXPECT_EQ(EncodeOtlpJson(span::SpanBatch(chunk)), golden);
}

TEST(OtlpJson, GroupsByResourceAcrossChunks) {
  const auto chunk = MustDecode(OneSpan(""));
  span::SpanBatch batch(chunk);
  batch.Append(MustDecode(OneSpan("")));
  auto merged = DecodeOtlpJson(EncodeOtlpJson(batch));
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(merged->chunk->resources.size(), 1u);
  EXPECT_EQ(merged->chunk->scopes.size(), 1u);
  EXPECT_EQ(merged->chunk->spans.size(), 2u);
}

TEST(OtlpJson, ParsingIsCountedInTheBudget) {
  const std::string request = OneSpan(R"("name":"a span")");
  base::ByteBudget budget(request.size() + 64);
  base::ByteBudget::Reservation reservation;
  ASSERT_TRUE(budget.TryReserve(request.size(), &reservation));
  const auto refused = DecodeOtlpJson(request, std::move(reservation));
  EXPECT_EQ(refused.status().code(), base::StatusCode::kUnavailable);
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace spandrel::wire
