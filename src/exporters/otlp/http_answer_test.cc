// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp/http_answer.h"

#include <gtest/gtest.h>

namespace spandrel::exporters {
namespace {

using std::chrono::seconds;

constexpr uint64_t kNow = 1'700'000'000'000'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT

base::Status Judge(int http_status, std::string retry_after = "") {
  net::Response response;
  response.status = http_status;
  if (!retry_after.empty()) response.headers.emplace_back("retry-after", std::move(retry_after));
  return StatusOfHttpAnswer(response, kNow);
}

TEST(HttpAnswerTest, OnlyFourStatusesAreWorthAnotherTry) {
  EXPECT_TRUE(Judge(200).ok());
  EXPECT_TRUE(Judge(204).ok());
  for (int status = 300; status < 600; ++status) {
    const bool retryable = status == 429 || status == 502 || status == 503 || status == 504;
    EXPECT_FALSE(Judge(status).ok()) << status;
    EXPECT_EQ(Judge(status).retryable(), retryable) << status;
  }
}

TEST(HttpAnswerTest, ReadsRetryAfter) {
  EXPECT_EQ(Judge(503, "7").retry_after(), seconds(7));
  EXPECT_EQ(Judge(429, "Tue, 14 Nov 2023 22:13:50 GMT").retry_after(), seconds(30));
  EXPECT_EQ(Judge(503, "Tue, 14 Nov 2023 22:00:00 GMT").retry_after(), seconds(0));
  EXPECT_EQ(Judge(503, "-5").retry_after(), seconds(0));
  EXPECT_EQ(Judge(503, "999999999999").retry_after(), seconds(24 * 3600));
  for (const auto* text : {"soon", "5 apples", "99999999999999999999999", "Tue, 14 Nov"}) {
    EXPECT_FALSE(Judge(503, text).retry_after().has_value()) << text;
  }
  EXPECT_FALSE(Judge(503).retry_after().has_value());
  EXPECT_FALSE(Judge(400, "7").retry_after().has_value());
}

}  // namespace
}  // namespace spandrel::exporters
