// SPDX-License-Identifier: Apache-2.0
#include "net/http.h"

#include <gtest/gtest.h>

#include "net/base64.h"
#include "net/endpoint.h"
#include "net/grpc.h"
#include "net/grpc_frame.h"
#include "net/misuse_budget.h"

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;
using std::chrono::milliseconds;

TEST(PercentTest, DecodesAndKeepsMalformedEscapes) {
  EXPECT_EQ(PercentDecode("a%20b%2Fc+d"), "a b/c+d");
  EXPECT_EQ(PercentDecode("a+b", true), "a b");
  EXPECT_EQ(PercentDecode("%"), "%");
  EXPECT_EQ(PercentDecode("%4"), "%4");
  EXPECT_EQ(PercentDecode("%zz%41"), "%zzA");
  EXPECT_EQ(PercentDecode(PercentEncode("\xc3\xa4 /?&=%")), "\xc3\xa4 /?&=%");
}

TEST(QueryTest, PairsInOrder) {
  const Headers pairs = ParseQuery("service=a%26b&tag=x%3D1&&tag=y+z&empty&=v");
  const Headers expected = {
      {"service", "a&b"}, {"tag", "x=1"}, {"tag", "y z"}, {"empty", ""}, {"", "v"}};
  EXPECT_EQ(pairs, expected);
}

TEST(EndpointTest, Parses) {
  EXPECT_EQ(ParseEndpoint("127.0.0.1:4317")->ToString(), "127.0.0.1:4317");
  EXPECT_EQ(ParseEndpoint("[::1]:4317")->host, "::1");
  EXPECT_EQ(ParseEndpoint("[::1]:4317")->ToString(), "[::1]:4317");
  EXPECT_EQ(ParseEndpoint(":80")->host, "");
  for (const char* wrong : {"", "host", "host:", "host:x", "host:65536", "::1:80", "a b:1",
                            "http://h:1", "host:-1", "host:1 "}) {
    EXPECT_EQ(ParseEndpoint(wrong).status().code(), StatusCode::kInvalidArgument) << wrong;
  }
}

TEST(Base64Test, RoundTripsWithAndWithoutPadding) {
  for (const std::string bytes : {"", "a", "ab", "abc", "\xff\xfe\xfd\xfc"}) {
    EXPECT_EQ(Base64Decode(Base64Encode(bytes)), bytes);
  }
  EXPECT_EQ(Base64Decode("YQ=="), "a");
  EXPECT_FALSE(Base64Decode("Y"));
  EXPECT_FALSE(Base64Decode("Y!"));
}

TEST(RpcStatusTest, RetryDelayRoundTrips) {
  const Status status = Status::Unavailable("full", milliseconds(2500));
  EXPECT_EQ(DecodeRetryDelay(EncodeRpcStatus(status)), milliseconds(2500));
  EXPECT_FALSE(DecodeRetryDelay(EncodeRpcStatus({StatusCode::kUnavailable, "full"})));
  const std::string whole = EncodeRpcStatus(status);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(DecodeRetryDelay(whole.substr(0, size)));
  }
  EXPECT_FALSE(DecodeRetryDelay(whole + std::string(64 << 10, '\0')));
}

TEST(RpcStatusTest, Json) {
  EXPECT_EQ(EncodeRpcStatusJson(Status::Unavailable("a \"b\"\n", milliseconds(1500))),
            "{\"code\":14,\"message\":\"a \\\"b\\\"\\u000a\",\"details\":[{\"@type\":\"type."
            "googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"1.500s\"}]}");
}

TEST(RpcStatusTest, HttpStatusFollowsOtlp) {
  Status quota(StatusCode::kResourceExhausted, "quota");
  EXPECT_EQ(HttpStatusOfCode(quota), 413);
  quota.set_retry_after(milliseconds(1));
  EXPECT_EQ(HttpStatusOfCode(quota), 429);
  EXPECT_EQ(HttpStatusOfCode({StatusCode::kUnavailable, ""}), 503);
  EXPECT_EQ(HttpStatusOfCode({StatusCode::kInvalidArgument, ""}), 400);
  EXPECT_EQ(GrpcCodeOfHttpStatus(503), StatusCode::kUnavailable);
}

TEST(GrpcFrameTest, LyingSizesAreRefused) {
  base::ByteBudget memory(1 << 20);
  const auto unpack = [&memory](std::string body) {
    base::ByteBudget::Reservation reservation;
    return UnpackGrpcMessage(std::move(body), "", 1000, &memory, &reservation);
  };
  const std::string frame = MakeGrpcFrame("hello");
  EXPECT_EQ(*unpack(frame), "hello");
  EXPECT_EQ(unpack("").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(unpack(frame.substr(0, 4)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(unpack(frame.substr(0, 9)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(unpack(frame + frame).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(unpack("\2" + frame.substr(1)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(unpack("\1" + frame.substr(1)).status().code(), StatusCode::kInternal);
  EXPECT_EQ(unpack(std::string("\0\xff\xff\xff\xff", 5)).status().code(),
            StatusCode::kResourceExhausted);
}

TEST(GrpcStatusTest, ReadsWhatItWrites) {
  const Status status = Status::Unavailable("100 % f\xc3\xbcll\n", milliseconds(250));
  const auto read = ReadGrpcStatus(GrpcStatusHeaders(status));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->code(), status.code());
  EXPECT_EQ(read->message(), status.message());
  EXPECT_EQ(read->retry_after(), milliseconds(250));
  EXPECT_FALSE(ReadGrpcStatus({}));
  EXPECT_EQ(ReadGrpcStatus({{"grpc-status", "99"}})->code(), StatusCode::kUnknown);
  EXPECT_EQ(ReadGrpcStatus({{"grpc-status", "-1"}})->code(), StatusCode::kUnknown);
}

TEST(MisuseBudgetTest, RefillsWithTimeAndAnswers) {
  const auto start = std::chrono::steady_clock::now();
  MisuseBudget budget(10);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(budget.Spend(start));
  EXPECT_FALSE(budget.Spend(start));
  EXPECT_TRUE(budget.Spend(start + std::chrono::seconds(1)));
  for (int i = 0; i < 100; ++i) {
    budget.Earn();
    EXPECT_TRUE(budget.Spend(start + std::chrono::seconds(1)));
  }
}

}  // namespace
}  // namespace spandrel::net
