// SPDX-License-Identifier: Apache-2.0
#include "endpoints/cors.h"

#include <gtest/gtest.h>

namespace spandrel::endpoints {
namespace {

TEST(CorsTest, MatchesOriginsWithStars) {
  CorsConfig config;
  config.allowed_origins = {"https://*.example.com", "http://localhost:*"};
  EXPECT_TRUE(OriginAllowed(config, "https://a.example.com"));
  EXPECT_TRUE(OriginAllowed(config, "http://localhost:3000"));
  EXPECT_FALSE(OriginAllowed(config, "https://example.com.evil.org"));
  EXPECT_FALSE(OriginAllowed(config, "http://a.example.com"));
  EXPECT_FALSE(OriginAllowed(config, ""));
  EXPECT_FALSE(OriginAllowed({}, "http://localhost:3000"));
  config.allowed_origins = {"*"};
  EXPECT_TRUE(OriginAllowed(config, "https://anything"));
}

TEST(CorsTest, AnswersPreflightsOfAllowedOriginsOnly) {
  CorsConfig config;
  config.allowed_origins = {"https://shop.example"};
  config.allowed_headers = {"x-key"};
  net::Request request;
  request.method = "OPTIONS";
  request.headers = {{"origin", "https://shop.example"}, {"access-control-request-method", "POST"}};
  const auto response = AnswerPreflight(config, request, "POST");
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 204);
  EXPECT_EQ(net::FindHeader(response->headers, "access-control-allow-origin"),
            "https://shop.example");
  EXPECT_EQ(net::FindHeader(response->headers, "access-control-allow-headers"),
            "content-type, content-encoding, x-key");
  request.headers[0].second = "https://other.example";
  EXPECT_FALSE(AnswerPreflight(config, request, "POST").has_value());
}

}  // namespace
}  // namespace spandrel::endpoints
