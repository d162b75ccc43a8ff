// SPDX-License-Identifier: Apache-2.0
// libprotobuf's generated OTLP classes as the peer of our decoder and encoder.
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "span/span_view.h"
#include "wire/otlp/otlp.h"
#include "wire/testing/random_request.h"

namespace spandrel::wire {
namespace {

using span::ValueType;

void ExpectSameAttributes(span::AttributeReader ours,
                          const google::protobuf::RepeatedPtrField<pb::KeyValue>& theirs);

void ExpectSameValue(const span::ValueView& ours, const pb::AnyValue& theirs) {
  switch (theirs.value_case()) {
    case pb::AnyValue::kStringValue:
      ASSERT_EQ(ours.type(), ValueType::kString);
      EXPECT_EQ(ours.bytes(), theirs.string_value());
      break;
    case pb::AnyValue::kBoolValue:
      ASSERT_EQ(ours.type(), ValueType::kBool);
      EXPECT_EQ(ours.as_bool(), theirs.bool_value());
      break;
    case pb::AnyValue::kIntValue:
      ASSERT_EQ(ours.type(), ValueType::kInt);
      EXPECT_EQ(ours.as_int(), theirs.int_value());
      break;
    case pb::AnyValue::kDoubleValue:
      ASSERT_EQ(ours.type(), ValueType::kDouble);
      EXPECT_EQ(std::bit_cast<uint64_t>(ours.as_double()),
                std::bit_cast<uint64_t>(theirs.double_value()));
      break;
    case pb::AnyValue::kBytesValue:
      ASSERT_EQ(ours.type(), ValueType::kBytes);
      EXPECT_EQ(ours.bytes(), theirs.bytes_value());
      break;
    case pb::AnyValue::kArrayValue: {
      ASSERT_EQ(ours.type(), ValueType::kArray);
      span::ArrayReader reader(ours.bytes());
      for (const auto& element : theirs.array_value().values()) {
        const auto value = reader.Next();
        ASSERT_TRUE(value);
        ExpectSameValue(*value, element);
      }
      EXPECT_FALSE(reader.Next());
      break;
    }
    case pb::AnyValue::kKvlistValue:
      ASSERT_EQ(ours.type(), ValueType::kKvlist);
      ExpectSameAttributes({ours.bytes(), span::otlp::kListValues}, theirs.kvlist_value().values());
      break;
    default:
      EXPECT_EQ(ours.type(), ValueType::kEmpty);
  }
}

void ExpectSameAttributes(span::AttributeReader ours,
                          const google::protobuf::RepeatedPtrField<pb::KeyValue>& theirs) {
  for (const auto& attribute : theirs) {
    const auto own = ours.Next();
    ASSERT_TRUE(own);
    EXPECT_EQ(own->key, attribute.key());
    ExpectSameValue(own->value, attribute.value());
  }
  EXPECT_FALSE(ours.Next());
}

void ExpectSameEvents(const span::SpanView& ours, const pb::Span& theirs) {
  span::MessageReader events = ours.events();
  for (const auto& event : theirs.events()) {
    const auto message = events.Next();
    ASSERT_TRUE(message);
    const span::EventView own(*message);
    EXPECT_EQ(own.time_unix_nano, event.time_unix_nano());
    EXPECT_EQ(own.name, event.name());
    EXPECT_EQ(own.dropped_attributes_count, event.dropped_attributes_count());
    ExpectSameAttributes(own.attributes(), event.attributes());
  }
  EXPECT_FALSE(events.Next());
}

void ExpectSameLinks(const span::SpanView& ours, const pb::Span& theirs) {
  span::MessageReader links = ours.links();
  for (const auto& link : theirs.links()) {
    const auto message = links.Next();
    ASSERT_TRUE(message);
    const span::LinkView own(*message);
    EXPECT_EQ(own.trace_id.view(), link.trace_id());
    EXPECT_EQ(own.span_id.view(), link.span_id());
    EXPECT_EQ(own.trace_state, link.trace_state());
    EXPECT_EQ(own.dropped_attributes_count, link.dropped_attributes_count());
    ExpectSameAttributes(own.attributes(), link.attributes());
  }
  EXPECT_FALSE(links.Next());
}

void ExpectSameSpan(const span::SpanRef& ref, const pb::Span& theirs) {
  const span::SpanEntry& entry = ref.entry();
  EXPECT_EQ(entry.trace_id.view(), theirs.trace_id());
  EXPECT_EQ(entry.span_id.view(), theirs.span_id());
  if (!entry.parent_span_id.IsZero()) {
    EXPECT_EQ(entry.parent_span_id.view(), theirs.parent_span_id());
  }
  EXPECT_EQ(entry.start_time_unix_nano, theirs.start_time_unix_nano());
  EXPECT_EQ(entry.end_time_unix_nano, theirs.end_time_unix_nano());
  EXPECT_EQ(static_cast<int>(entry.kind), theirs.kind());
  EXPECT_EQ(static_cast<int>(entry.status), theirs.status().code());
  EXPECT_EQ(ref.name(), theirs.name());
  const span::SpanView span = ref.span();
  EXPECT_EQ(span.name, theirs.name());
  EXPECT_EQ(span.trace_state, theirs.trace_state());
  EXPECT_EQ(span.status_message, theirs.status().message());
  EXPECT_EQ(span.dropped_attributes_count, theirs.dropped_attributes_count());
  EXPECT_EQ(span.dropped_events_count, theirs.dropped_events_count());
  EXPECT_EQ(span.dropped_links_count, theirs.dropped_links_count());
  EXPECT_EQ(span.event_count, static_cast<uint32_t>(theirs.events_size()));
  EXPECT_EQ(span.link_count, static_cast<uint32_t>(theirs.links_size()));
  ExpectSameAttributes(span.attributes(), theirs.attributes());
  ExpectSameEvents(span, theirs);
  ExpectSameLinks(span, theirs);
}

void ExpectSameScope(const span::SpanRef& ref, const pb::ResourceSpans& resource_spans,
                     const pb::ScopeSpans& scope_spans) {
  EXPECT_EQ(ref.resource_entry().present, resource_spans.has_resource());
  EXPECT_EQ(ref.scope_entry().present, scope_spans.has_scope());
  EXPECT_EQ(ref.resource_schema_url(), resource_spans.schema_url());
  EXPECT_EQ(ref.scope_schema_url(), scope_spans.schema_url());
  ExpectSameAttributes(ref.resource().attributes(), resource_spans.resource().attributes());
  ExpectSameAttributes(ref.scope().attributes(), scope_spans.scope().attributes());
  EXPECT_EQ(ref.scope().name, scope_spans.scope().name());
  EXPECT_EQ(ref.scope().version, scope_spans.scope().version());
  if (resource_spans.has_resource()) {
    const auto& attributes = resource_spans.resource().attributes();
    EXPECT_EQ(ref.service_name(), attributes.at(attributes.size() - 1).value().string_value());
  }
}

std::shared_ptr<const span::SpanChunk> MustDecode(const std::string& bytes) {
  auto decoded = DecodeOtlpProtobuf(base::MakeSharedBytes(bytes));
  EXPECT_TRUE(decoded.ok()) << decoded.status().ToString();
  if (!decoded.ok()) return std::make_shared<span::SpanChunk>();
  EXPECT_EQ(decoded->rejected_spans, 0u);
  return decoded->chunk;
}

TEST(OtlpPeer, EveryFieldReadsTheSame) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    const auto request = RandomRequest(seed).Make();
    const auto chunk = MustDecode(request.SerializeAsString());
    EXPECT_TRUE(chunk->whole);
    size_t at = 0;
    for (const auto& resource_spans : request.resource_spans()) {
      for (const auto& scope_spans : resource_spans.scope_spans()) {
        for (const auto& span : scope_spans.spans()) {
          ASSERT_LT(at, chunk->spans.size());
          const span::SpanRef ref(*chunk, at++);
          ExpectSameScope(ref, resource_spans, scope_spans);
          ExpectSameSpan(ref, span);
        }
      }
    }
    EXPECT_EQ(at, chunk->spans.size());
  }
}

// All spans of a request, each with its resource and scope, as one text a span.
std::vector<std::string> Flatten(const pb::ExportTraceServiceRequest& request) {
  std::vector<std::string> spans;
  for (const auto& resource_spans : request.resource_spans()) {
    for (const auto& scope_spans : resource_spans.scope_spans()) {
      for (const auto& span : scope_spans.spans()) {
        spans.push_back(resource_spans.resource().SerializeAsString() +
                        resource_spans.schema_url() + scope_spans.scope().SerializeAsString() +
                        scope_spans.schema_url() + span.SerializeAsString());
      }
    }
  }
  std::sort(spans.begin(), spans.end());
  return spans;
}

pb::ExportTraceServiceRequest MustParse(const std::string& bytes) {
  pb::ExportTraceServiceRequest request;
  EXPECT_TRUE(request.ParseFromString(bytes));
  return request;
}

TEST(OtlpPeer, SplitPiecesEncodeToTheSameSpans) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    const auto first = RandomRequest(seed).Make();
    const auto second = RandomRequest(seed + 1000).Make();
    span::SpanBatch batch(MustDecode(first.SerializeAsString()));
    batch.Append(MustDecode(second.SerializeAsString()));
    pb::ExportTraceServiceRequest both = first;
    both.MergeFrom(second);

    EXPECT_EQ(Flatten(MustParse(EncodeOtlpProtobuf(batch))), Flatten(both));
    pb::ExportTraceServiceRequest joined;
    for (const auto& piece : SplitBatch(span::SpanBatch(batch), 3, 0)) {
      EXPECT_LE(piece.span_count(), 3u);
      joined.MergeFrom(MustParse(EncodeOtlpProtobuf(piece)));
    }
    EXPECT_EQ(Flatten(joined), Flatten(both));
  }
}

TEST(OtlpPeer, JsonAndBackIsTheSame) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    const auto request = RandomRequest(seed).Make();
    const auto json = EncodeOtlpJson(span::SpanBatch(MustDecode(request.SerializeAsString())));
    auto decoded = DecodeOtlpJson(json);
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString() << json;
    EXPECT_EQ(decoded->rejected_spans, 0u);
    EXPECT_TRUE(Flatten(MustParse(std::string(decoded->chunk->bytes()))) == Flatten(request));
    EXPECT_TRUE(EncodeOtlpJson(span::SpanBatch(decoded->chunk)) == json);
  }
}

// Ids are hex in OTLP/JSON and base64 in protobuf's own JSON.
void ClearIds(pb::ExportTraceServiceRequest* request) {
  for (auto& resource_spans : *request->mutable_resource_spans()) {
    for (auto& scope_spans : *resource_spans.mutable_scope_spans()) {
      for (auto& span : *scope_spans.mutable_spans()) {
        span.clear_trace_id();
        span.clear_span_id();
        span.clear_parent_span_id();
        for (auto& link : *span.mutable_links()) {
          link.clear_trace_id();
          link.clear_span_id();
        }
      }
    }
  }
}

TEST(OtlpPeer, LibprotobufReadsOurJson) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    auto request = RandomRequest(seed).Make();
    const auto json = EncodeOtlpJson(span::SpanBatch(MustDecode(request.SerializeAsString())));
    pb::ExportTraceServiceRequest read;
    const auto status = google::protobuf::util::JsonStringToMessage(json, &read);
    ASSERT_TRUE(status.ok()) << status.ToString();
    ClearIds(&request);
    ClearIds(&read);
    EXPECT_TRUE(Flatten(read) == Flatten(request));
  }
}

TEST(OtlpPeer, WeReadLibprotobufsJson) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    auto request = RandomRequest(seed).Make();
    ClearIds(&request);
    std::string json;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(request, &json).ok());
    // simdjson reads "-0" as the integer, which has no sign.
    for (size_t at = 0; (at = json.find(":-0}", at)) != std::string::npos;)
      json.insert(at + 3, ".0");
    // Without ids every span is left out; the bytes made from the JSON still hold them.
    auto decoded = DecodeOtlpJson(json);
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
    EXPECT_TRUE(Flatten(MustParse(std::string(decoded->chunk->bytes()))) == Flatten(request));
  }
}

TEST(OtlpPeer, WholeChunksPassThroughByteForByte) {
  std::string joined;
  span::SpanBatch batch;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string request = RandomRequest(seed).Make().SerializeAsString();
    const auto chunk = MustDecode(request);
    batch.Append(chunk);
    if (!chunk->spans.empty()) joined += request;
  }
  EXPECT_TRUE(EncodeOtlpProtobuf(batch) == joined);
}

}  // namespace
}  // namespace spandrel::wire
