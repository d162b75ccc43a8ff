// SPDX-License-Identifier: Apache-2.0
#include "endpoints/cors.h"

#include <gtest/gtest.h>

namespace spandrel::endpoints {
namespace {

TEST(CorsTest, MatchesOriginsWithStars) {
  CorsConfig config;
  config.allowed_origins = {"https://*.example.com", "http://localhost:*"};
  EXPECT_TRUE(OriginAllowed(config.allowed_origins, "https://a.example.com"));
  EXPECT_TRUE(OriginAllowed(config.allowed_origins, "http://localhost:3000"));
  EXPECT_FALSE(OriginAllowed(config.allowed_origins, "https://example.com.evil.org"));
  EXPECT_FALSE(OriginAllowed(config.allowed_origins, "http://a.example.com"));
  EXPECT_FALSE(OriginAllowed(config.allowed_origins, ""));
  EXPECT_FALSE(OriginAllowed({}, "http://localhost:3000"));
  config.allowed_origins = {"*"};
  EXPECT_TRUE(OriginAllowed(config.allowed_origins, "https://anything"));
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

net::Request Post(net::Headers headers) {
  net::Request request;
  request.method = "POST";
  request.authority = "traces.example:8443";
  request.headers = std::move(headers);
  return request;
}

TEST(CorsTest, ChangesComeFromOwnPagesOrNone) {
  const std::vector<std::string> allowed = {"https://shop.example"};
  const HostNames names({"front.example", "*"}, LocalNames::kNone);
  const net::Headers kMay[] = {
      {},
      {{"origin", "https://traces.example:8443"}},
      {{"origin", "HTTPS://Traces.Example:8443"}},
      {{"origin", "https://shop.example"}},
      {{"origin", "https://front.example"}},
      {{"origin", "https://behind.a.proxy"}, {"sec-fetch-site", "same-origin"}},
      {{"sec-fetch-site", "none"}},
  };
  for (const net::Headers& headers : kMay) {
    EXPECT_TRUE(MayComeFromItsPage(allowed, names, Post(headers)));
  }
  const net::Headers kMayNot[] = {
      {{"origin", "https://evil.example"}},
      {{"origin", "null"}},
      {{"origin", "traces.example:8443"}},
      {{"origin", "https://traces.example"}},
      {{"origin", "https://evil.example"}, {"sec-fetch-site", "same-site"}},
      {{"sec-fetch-site", "cross-site"}},
  };
  for (const net::Headers& headers : kMayNot) {
    EXPECT_FALSE(MayComeFromItsPage(allowed, names, Post(headers)));
    net::Request reads = Post(headers);
    reads.method = "GET";
    EXPECT_TRUE(MayComeFromItsPage(allowed, names, reads));
  }
}

}  // namespace
}  // namespace spandrel::endpoints
