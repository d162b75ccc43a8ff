// SPDX-License-Identifier: Apache-2.0
#include "net/http/grpc_shape.h"

#include <gtest/gtest.h>

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;
using std::chrono::milliseconds;

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

}  // namespace
}  // namespace spandrel::net
