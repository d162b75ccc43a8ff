// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "proto/writer.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

namespace spandrel::wire {
namespace {

namespace otlp = span::otlp;
using base::StatusCode;

const std::string kTraceId = "0123456789abcdef";
const std::string kSpanId = "01234567";

// A message made of the fields that `write` writes.
template <typename Write>
std::string Message(Write write) {
  std::string bytes;
  proto::Writer writer(&bytes);
  write(writer);
  return bytes;
}

std::string Field(uint32_t number, std::string_view bytes) {
  return Message([&](proto::Writer& out) { out.Bytes(number, bytes); });
}

std::string SpanOf(std::string_view trace_id, std::string_view span_id,
                   std::string_view rest = "") {
  return Field(otlp::kSpanTraceId, trace_id) + Field(otlp::kSpanSpanId, span_id) +
         std::string(rest);
}

// A request of one resource and one scope that holds the given fields of ScopeSpans.
std::string RequestOf(std::string_view scope_spans_fields, std::string_view before = "") {
  return Field(otlp::kRequestResourceSpans,
               std::string(before) + Field(otlp::kResourceSpansScopeSpans, scope_spans_fields));
}

std::string RequestOfSpan(std::string_view rest) {
  return RequestOf(Field(otlp::kScopeSpansSpans, SpanOf(kTraceId, kSpanId, rest)));
}

base::Result<DecodedRequest> Decode(const std::string& bytes) {
  return DecodeOtlpProtobuf(base::MakeSharedBytes(bytes));
}

std::string ErrorOf(const std::string& bytes) {
  const auto decoded = Decode(bytes);
  EXPECT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.status().code(), StatusCode::kInvalidArgument);
  return decoded.status().message();
}

TEST(OtlpDecode, EmptyRequestHasNoSpans) {
  const auto decoded = Decode("");
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(decoded->chunk->spans.empty());
  EXPECT_EQ(EncodeOtlpProtobuf(span::SpanBatch(decoded->chunk)), "");
}

TEST(OtlpDecode, SpansWithBadIdsAreLeftOutAndCounted) {
  const auto spans = Field(otlp::kScopeSpansSpans,
                           SpanOf("short", kSpanId, Field(otlp::kSpanName, "a\n\"b\"\xff"))) +
                     Field(otlp::kScopeSpansSpans, SpanOf(kTraceId, kSpanId)) +
                     Field(otlp::kScopeSpansSpans, SpanOf(std::string(16, '\0'), kSpanId)) +
                     Field(otlp::kScopeSpansSpans, SpanOf(kTraceId, "")) +
                     Field(otlp::kScopeSpansSpans, SpanOf(kTraceId, std::string(8, '\0'))) +
                     Field(otlp::kScopeSpansSpans,
                           SpanOf(kTraceId, kSpanId, Field(otlp::kSpanParentSpanId, "1234567")));
  const auto decoded = Decode(RequestOf(spans));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->rejected_spans, 5u);
  EXPECT_EQ(decoded->rejected_reason, "span \"a?\"b\"?\": trace id has 5 bytes, not 16");
  EXPECT_FALSE(decoded->chunk->whole);
  ASSERT_EQ(decoded->chunk->spans.size(), 1u);
  EXPECT_EQ(EncodeOtlpProtobuf(span::SpanBatch(decoded->chunk)),
            RequestOf(Field(otlp::kScopeSpansSpans, SpanOf(kTraceId, kSpanId))));
}

TEST(OtlpDecode, ZeroParentIsARoot) {
  const auto decoded = Decode(RequestOfSpan(Field(otlp::kSpanParentSpanId, std::string(8, '\0'))));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->rejected_spans, 0u);
  EXPECT_TRUE(decoded->chunk->spans[0].parent_span_id.IsZero());
  EXPECT_TRUE(decoded->chunk->whole);
}

TEST(OtlpDecode, UnknownFieldsAndEnumsPassThrough) {
  const std::string unknown = Message([](proto::Writer& out) {
    out.Varint(otlp::kSpanKind, 77);
    out.Varint(200, 5);
    out.Fixed32(201, 5);
    out.Fixed64(202, 5);
    out.Bytes(203, "\xff\xff");
    out.Bytes(otlp::kSpanStartTime, "not a time");
  });
  const std::string request = Field(99, "x") + RequestOfSpan(unknown);
  const auto decoded = Decode(request);
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(decoded->chunk->spans[0].kind, span::SpanKind::kUnspecified);
  EXPECT_EQ(decoded->chunk->spans[0].start_time_unix_nano, 0u);
  EXPECT_EQ(EncodeOtlpProtobuf(span::SpanBatch(decoded->chunk)), request);
}

TEST(OtlpDecode, FlagsAndEntityRefsAreRead) {
  const std::string flags =
      Message([](proto::Writer& out) { out.Fixed32(otlp::kSpanFlags, 0xdeadbeef); });
  const std::string entity = Field(otlp::kResourceEntityRefs, Field(2, "service"));
  const std::string scope_spans = Field(otlp::kScopeSpansSpans, SpanOf(kTraceId, kSpanId, flags));
  const auto decoded = Decode(RequestOf(scope_spans, Field(otlp::kResourceSpansResource, entity)));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(span::SpanRef(*decoded->chunk, 0).span().flags, 0xdeadbeef);

  const std::string broken = Field(otlp::kResourceEntityRefs, "\xff");
  EXPECT_NE(ErrorOf(RequestOf(scope_spans, Field(otlp::kResourceSpansResource, broken)))
                .find("resource.entity_refs"),
            std::string::npos);
}

TEST(OtlpDecode, ScopeSpansOfTheOldSchemaAreMigrated) {
  const std::string scope_spans = Field(otlp::kScopeSpansSpans, SpanOf(kTraceId, kSpanId));
  const std::string old_only = Field(otlp::kRequestResourceSpans, Field(1000, scope_spans));
  const auto migrated = Decode(old_only);
  ASSERT_TRUE(migrated.ok());
  ASSERT_EQ(migrated->chunk->spans.size(), 1u);
  EXPECT_EQ(EncodeOtlpProtobuf(span::SpanBatch(migrated->chunk)), RequestOf(scope_spans));

  const auto both = Decode(RequestOf(scope_spans, Field(1000, scope_spans)));
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->chunk->spans.size(), 1u);
}

TEST(OtlpDecode, ServiceNameIsTheLastOne) {
  const auto attribute = [](std::string_view value) {
    return Field(otlp::kResourceAttributes,
                 Field(otlp::kKeyValueKey, "service.name") +
                     Field(otlp::kKeyValueValue, Field(otlp::kAnyValueString, value)));
  };
  const auto decoded = Decode(
      RequestOf(Field(otlp::kScopeSpansSpans, SpanOf(kTraceId, kSpanId)),
                Field(otlp::kResourceSpansResource, attribute("first") + attribute("last"))));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(span::SpanRef(*decoded->chunk, 0).service_name(), "last");
}

TEST(OtlpDecode, SingularMessagesGivenTwiceAreRefused) {
  const std::string status = Field(otlp::kSpanStatus, "");
  EXPECT_NE(ErrorOf(RequestOfSpan(status + status)).find("span.status: given twice"),
            std::string::npos);
  const std::string scope = Field(otlp::kScopeSpansScope, "");
  EXPECT_NE(ErrorOf(RequestOf(scope + scope)).find("given twice"), std::string::npos);
  const std::string resource = Field(otlp::kResourceSpansResource, "");
  EXPECT_NE(ErrorOf(RequestOf("", resource + resource)).find("given twice"), std::string::npos);
  const std::string value = Field(otlp::kKeyValueValue, "");
  EXPECT_NE(ErrorOf(RequestOfSpan(Field(otlp::kSpanAttributes, value + value)))
                .find("span.attributes: value given twice"),
            std::string::npos);
}

std::string Nested(int depth, uint32_t container) {
  std::string value;
  for (int i = 1; i < depth; ++i) {
    const bool is_map = container == otlp::kAnyValueKvlist;
    const std::string element = is_map ? Field(otlp::kKeyValueValue, value) : value;
    value = Field(container, Field(otlp::kListValues, element));
  }
  return RequestOfSpan(Field(otlp::kSpanAttributes, Field(otlp::kKeyValueValue, value)));
}

TEST(OtlpDecode, ValuesNestSixtyFourDeepAndNoDeeper) {
  for (const uint32_t container : {otlp::kAnyValueArray, otlp::kAnyValueKvlist}) {
    EXPECT_TRUE(Decode(Nested(kMaxValueDepth, container)).ok());
    EXPECT_NE(ErrorOf(Nested(kMaxValueDepth + 1, container)).find("nest deeper than 64"),
              std::string::npos);
  }
  EXPECT_NE(ErrorOf(Nested(20'000, otlp::kAnyValueArray)), "");
}

TEST(OtlpDecode, ErrorsNameTheByteAndTheField) {
  EXPECT_EQ(ErrorOf("\xff"), "otlp request: byte 0: request: malformed protobuf");
  EXPECT_EQ(ErrorOf(RequestOf("\x0a")), "otlp request: byte 4: scope_spans: malformed protobuf");
  const std::string event = Field(otlp::kSpanEvents, Field(otlp::kEventAttributes, "\x0a\x05"));
  EXPECT_NE(ErrorOf(RequestOfSpan(event)).find("span.events: malformed attribute"),
            std::string::npos);
  const std::string link = Field(otlp::kSpanLinks, "\x0b");
  EXPECT_NE(ErrorOf(RequestOfSpan(link)).find("span.links: malformed protobuf"), std::string::npos);
  const std::string value = Field(otlp::kKeyValueValue, Field(otlp::kAnyValueArray, "\x0a"));
  EXPECT_NE(ErrorOf(RequestOfSpan(Field(otlp::kSpanAttributes, value)))
                .find("span.attributes: malformed array or map"),
            std::string::npos);
}

TEST(OtlpDecode, BytesAndIndexAreCountedUntilTheLastSliceIsGone) {
  std::string spans;
  for (int i = 0; i < 100; ++i) spans += Field(otlp::kScopeSpansSpans, SpanOf(kTraceId, kSpanId));
  const std::string request = RequestOf(spans);
  base::ByteBudget budget(1 << 20);
  base::ByteBudget::Reservation reservation;
  ASSERT_TRUE(budget.TryReserve(request.size(), &reservation));
  auto decoded = DecodeOtlpProtobuf(base::MakeSharedBytes(request), std::move(reservation));
  ASSERT_TRUE(decoded.ok());
  EXPECT_GE(budget.used(), request.size() + 100 * sizeof(span::SpanEntry));

  auto pieces = SplitBatch(span::SpanBatch(std::move(decoded->chunk)), 60, 0);
  ASSERT_EQ(pieces.size(), 2u);
  pieces.erase(pieces.begin());
  EXPECT_GT(budget.used(), 0u);
  pieces.clear();
  EXPECT_EQ(budget.used(), 0u);
}

TEST(OtlpDecode, AnIndexOverTheBudgetIsRefusedForNow) {
  std::string spans;
  for (int i = 0; i < 100; ++i) spans += Field(otlp::kScopeSpansSpans, SpanOf(kTraceId, kSpanId));
  const std::string request = RequestOf(spans);
  base::ByteBudget budget(request.size() + 1000);
  base::ByteBudget::Reservation reservation;
  ASSERT_TRUE(budget.TryReserve(request.size(), &reservation));
  const auto decoded = DecodeOtlpProtobuf(base::MakeSharedBytes(request), std::move(reservation));
  EXPECT_EQ(decoded.status().code(), StatusCode::kUnavailable);
  EXPECT_TRUE(decoded.status().retry_after());
  EXPECT_EQ(budget.used(), 0u);
}

TEST(OtlpDecode, EmptyScopesAndResourcesTakeNoIndex) {
  std::string request;
  for (int i = 0; i < 1000; ++i) request += RequestOf("");
  const auto decoded = Decode(request);
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(decoded->chunk->resources.empty());
  EXPECT_TRUE(decoded->chunk->scopes.empty());
}

span::SpanBatch BatchOf(int chunks, int spans_each) {
  span::SpanBatch batch;
  for (int i = 0; i < chunks; ++i) {
    std::string spans;
    for (int j = 0; j < spans_each; ++j) {
      const std::string name = std::to_string(i) + "/" + std::to_string(j);
      spans +=
          Field(otlp::kScopeSpansSpans, SpanOf(kTraceId, kSpanId, Field(otlp::kSpanName, name)));
    }
    batch.Append(Decode(RequestOf(spans))->chunk);
  }
  return batch;
}

std::vector<std::string> NamesOf(const std::vector<span::SpanBatch>& batches) {
  std::vector<std::string> names;
  for (const auto& batch : batches) {
    span::ForEachSpan(batch, [&](const auto& ref) { names.emplace_back(ref.name()); });
  }
  return names;
}

TEST(SplitBatch, FillsEachBatchAndKeepsTheOrder) {
  const auto batch = BatchOf(4, 7);
  const auto pieces = SplitBatch(span::SpanBatch(batch), 10, 0);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0].span_count(), 10u);
  EXPECT_EQ(pieces[1].span_count(), 10u);
  EXPECT_EQ(pieces[2].span_count(), 8u);
  EXPECT_EQ(NamesOf(pieces), NamesOf({batch}));
}

TEST(SplitBatch, KeepsBytesUnderTheLimit) {
  const auto batch = BatchOf(3, 50);
  for (const size_t limit : {100u, 333u, 1000u, 2100u, 5000u}) {
    const auto pieces = SplitBatch(span::SpanBatch(batch), 0, limit);
    for (const auto& piece : pieces) EXPECT_LE(EncodeOtlpProtobuf(piece).size(), limit);
    EXPECT_EQ(NamesOf(pieces), NamesOf({batch}));
  }
}

TEST(SplitBatch, ALargerSpanGoesAlone) {
  const auto pieces = SplitBatch(BatchOf(1, 3), 0, 1);
  ASSERT_EQ(pieces.size(), 3u);
  for (const auto& piece : pieces) EXPECT_EQ(piece.span_count(), 1u);
}

TEST(SplitBatch, WithoutLimitsOrSpans) {
  EXPECT_EQ(SplitBatch(BatchOf(3, 5), 0, 0).size(), 1u);
  EXPECT_TRUE(SplitBatch(span::SpanBatch(), 10, 10).empty());
}

TEST(ExportResponse, RoundTrips) {
  EXPECT_EQ(EncodeExportResponseProtobuf({}), "");
  EXPECT_EQ(EncodeExportResponseJson({}), "{}");
  const PartialSuccess partial = {3, "bad \"ids\""};
  const auto read = DecodeExportResponseProtobuf(EncodeExportResponseProtobuf(partial));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->rejected_items, 3);
  EXPECT_EQ(read->error_message, "bad \"ids\"");
  EXPECT_EQ(EncodeExportResponseJson(partial),
            R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"bad \"ids\""}})");
  EXPECT_FALSE(DecodeExportResponseProtobuf("\x0a\x05").ok());
  EXPECT_FALSE(DecodeExportResponseProtobuf("\x0a\x01\x08").ok());
  EXPECT_TRUE(DecodeExportResponseProtobuf("\x10\x05").ok());
}

}  // namespace
}  // namespace spandrel::wire
