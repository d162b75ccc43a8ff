// SPDX-License-Identifier: Apache-2.0
// libprotobuf's generated OTLP classes as the peer of our decoder and encoder.
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "span/span_view.h"
#include "wire/otlp/otlp.h"
#include "wire/testing/random_request.h"
#include "wire/testing/same_as_peer.h"

namespace spandrel::wire {
namespace {

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
    ExpectSameSpans(*chunk, request);
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
