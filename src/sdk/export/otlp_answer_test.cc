// SPDX-License-Identifier: Apache-2.0
#include "sdk/export/otlp_answer.h"

#include <gtest/gtest.h>

#include <string>

#include "net/http/rpc_status.h"
#include "wire/otlp/otlp.h"

namespace spandrel::sdk {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SystemTime kNow{seconds(784'111'777)};  // Sun, 06 Nov 1994 08:49:37 GMT

Transport::Outcome Http(int status, net::Headers headers = {}, std::string body = {}) {
  net::Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return OutcomeOfHttp(response, kNow);
}

TEST(OtlpAnswerTest, RetryAfterIsSecondsOrADate) {
  EXPECT_EQ(ParseRetryAfter("0", kNow), milliseconds(0));
  EXPECT_EQ(ParseRetryAfter("120", kNow), seconds(120));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:40 GMT", kNow), seconds(3));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:00 GMT", kNow), seconds(0));
  EXPECT_EQ(ParseRetryAfter("999999999999", kNow), std::chrono::hours(24));
  EXPECT_EQ(ParseRetryAfter("Fri, 31 Dec 9999 23:59:59 GMT", kNow), std::chrono::hours(24));
  for (const char* bad : {"", "-1", "1.5", "soon", "5 ", "99999999999999999999",
                          "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994"}) {
    EXPECT_EQ(ParseRetryAfter(bad, kNow), std::nullopt) << bad;
  }
}

TEST(OtlpAnswerTest, SomeHttpStatusesMeanAgain) {
  for (const int status : {429, 502, 503, 504}) EXPECT_TRUE(Http(status).status.retryable());
  for (const int status : {100, 301, 307, 400, 401, 403, 404, 413, 500, 501}) {
    EXPECT_FALSE(Http(status).status.ok()) << status;
    EXPECT_FALSE(Http(status).status.retryable()) << status;
  }
  EXPECT_EQ(Http(429, {{"retry-after", "7"}}).status.retry_after(), seconds(7));
  EXPECT_TRUE(Http(202).status.ok());
}

TEST(OtlpAnswerTest, ErrorsCarryTheCollectorsWords) {
  const base::Status status = base::Status::Unavailable("queue is full", milliseconds(1'500));
  const net::Headers protobuf = {{"content-type", "application/x-protobuf"}};
  const Transport::Outcome again = Http(503, protobuf, net::EncodeRpcStatus(status));
  EXPECT_EQ(again.status.message(), "HTTP status 503: queue is full");
  EXPECT_EQ(again.status.retry_after(), milliseconds(1'500));
  const base::Status bad(base::StatusCode::kInvalidArgument, std::string(100'000, 'x'));
  EXPECT_LT(Http(400, protobuf, net::EncodeRpcStatus(bad)).status.message().size(), 1'000u);
  EXPECT_EQ(Http(400, protobuf, "\xFF\xFF\xFF").status.message(), "HTTP status 400");
}

TEST(OtlpAnswerTest, PartialSuccessCounts) {
  const std::string some = wire::EncodeExportResponseProtobuf({3, "too old"});
  EXPECT_EQ(OutcomeOfRpc({}, some).rejected_spans, 3u);
  EXPECT_EQ(Http(200, {}, some).message, "too old");
  EXPECT_EQ(OutcomeOfRpc({}, wire::EncodeExportResponseProtobuf({-5, ""})).rejected_spans, 0u);
  EXPECT_TRUE(OutcomeOfRpc({}, "garbage").status.ok()) << "it was taken all the same";
}

}  // namespace
}  // namespace spandrel::sdk
