// SPDX-License-Identifier: Apache-2.0
#include "net/socket/endpoint.h"

#include <gtest/gtest.h>

namespace spandrel::net {
namespace {

using base::StatusCode;

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

}  // namespace
}  // namespace spandrel::net
