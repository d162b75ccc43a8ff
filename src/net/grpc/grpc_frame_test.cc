// SPDX-License-Identifier: Apache-2.0
#include "net/grpc/grpc_frame.h"

#include <gtest/gtest.h>

namespace spandrel::net {
namespace {

using base::StatusCode;

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

}  // namespace
}  // namespace spandrel::net
