// SPDX-License-Identifier: Apache-2.0
#include "net/http/rpc_status.h"

#include <gtest/gtest.h>

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;
using std::chrono::milliseconds;

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

}  // namespace
}  // namespace spandrel::net
