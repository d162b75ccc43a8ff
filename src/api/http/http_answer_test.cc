// SPDX-License-Identifier: Apache-2.0
#include "api/http/http_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "api/http/responses.h"
#include "api/testing/api.h"
#include "net/http/compression.h"

namespace spandrel::api {
namespace {

const std::string kLong(1 << 20, 'x');

class HttpAnswerTest : public ::testing::Test {
 protected:
  std::shared_ptr<TestCall> Call(std::string method = "GET", net::Headers headers = {}) {
    net::Request request = MakeRequest(std::move(method), "/");
    request.headers = std::move(headers);
    return std::make_shared<TestCall>(std::move(request));
  }
  HttpAnswer AnswerTo(std::shared_ptr<TestCall> call, const storage::QueryContext& context) {
    return {std::move(call), cors_, context, HttpAnswer::Wait::kForReader};
  }

  endpoints::CorsConfig cors_;
  const storage::QueryContext context_{storage::QueryOptions{}};
};

TEST_F(HttpAnswerTest, ShortOnesGoWhole) {
  const auto call = Call();
  AnswerTo(call, context_).Send(JsonResponse("{}"));
  EXPECT_EQ(call->pieces(), 0U);
  const net::Response response = call->Wait();
  EXPECT_EQ(response.body, "{}");
  EXPECT_EQ(net::FindHeader(response.headers, "cache-control"), "no-store");
}

TEST_F(HttpAnswerTest, LongOnesGoInPieces) {
  const auto call = Call();
  AnswerTo(call, context_).Send(MakeResponse(200, "application/x", kLong));
  EXPECT_GT(call->pieces(), 10U);
  EXPECT_EQ(call->Wait().body, kLong);
}

TEST_F(HttpAnswerTest, SaysWhatItMayLack) {
  const auto whole = Call();
  const auto in_pieces = Call();
  const storage::QueryContext context;
  context.NoteUnreadable(1, 5);
  context.NoteUnreadable(1, 5);
  AnswerTo(whole, context).Send(JsonResponse("{}"));
  EXPECT_EQ(net::FindHeader(whole->Wait().headers, kUnreadableSpansHeader), "5");
  HttpAnswer answer = AnswerTo(in_pieces, context);
  answer.Start(200, {});
  EXPECT_TRUE(answer.Write(kLong).ok());
  context.NoteUnreadable(2, 3);  // found when some has gone out
  answer.Finish();
  const net::Response response = in_pieces->Wait();
  EXPECT_EQ(net::FindHeader(response.headers, kUnreadableSpansHeader), "5");
  EXPECT_EQ(net::FindHeader(response.trailers, kUnreadableSpansHeader), "8");
}

TEST_F(HttpAnswerTest, PiecesAreCompressed) {
  const auto call = Call("GET", {{"accept-encoding", "gzip"}});
  AnswerTo(call, context_).Send(JsonResponse(kLong));
  const net::Response response = call->Wait();
  EXPECT_EQ(net::FindHeader(response.headers, "content-encoding"), "gzip");
  EXPECT_EQ(*net::Decompress("gzip", response.body, 2 << 20, nullptr), kLong);
}

TEST_F(HttpAnswerTest, AHeadRequestGetsNoBody) {
  const auto call = Call("HEAD");
  AnswerTo(call, context_).Send(JsonResponse(kLong));
  EXPECT_EQ(call->pieces(), 0U);
  EXPECT_EQ(call->Wait().status, 200);
}

TEST_F(HttpAnswerTest, AFailureBeforeTheFirstPieceIsTheAnswer) {
  const auto call = Call();
  {
    HttpAnswer answer = AnswerTo(call, context_);
    answer.Start(200, {{"content-type", "x"}});
    EXPECT_TRUE(answer.Write("some").ok());
    answer.Fail(ErrorResponse(504, "late"));
    EXPECT_FALSE(answer.Write("more").ok());
    EXPECT_TRUE(answer.failed());
  }
  const net::Response response = call->Wait();
  EXPECT_EQ(response.status, 504);
  EXPECT_EQ(response.body, R"({"error":"late"})");
}

TEST_F(HttpAnswerTest, AFailureLaterCutsTheAnswerOff) {
  auto call = Call();
  auto answered = call->TakeFuture();
  {
    HttpAnswer answer = AnswerTo(std::move(call), context_);
    answer.Start(200, {});
    EXPECT_TRUE(answer.Write(kLong).ok());
    answer.Fail(ErrorResponse(504, "late"));
    EXPECT_TRUE(answer.failed());
  }
  EXPECT_EQ(answered.get().status, TestCall::kCutOff);
}

TEST_F(HttpAnswerTest, AReaderThatGoesEndsTheQuery) {
  const auto call = Call();
  call->Hold();
  HttpAnswer answer = AnswerTo(call, context_);
  auto writing = std::async(std::launch::async, [&answer] {
    answer.Start(200, {});
    return answer.Write(kLong);
  });
  while (call->pieces() < 5) std::this_thread::yield();
  EXPECT_LT(call->pieces(), 8U) << "no more than may wait";
  call->Cancel();
  EXPECT_EQ(writing.get().code(), base::StatusCode::kCancelled);
  EXPECT_EQ(context_.Check().code(), base::StatusCode::kCancelled);
  EXPECT_TRUE(answer.failed());
}

TEST_F(HttpAnswerTest, WithoutMemoryAnAnswerIsRefused) {
  base::ByteBudget budget(1 << 10);
  const storage::QueryContext narrow({.answers = &budget});
  for (const std::string& body : {kLong, std::string(2 << 10, 'x')}) {
    const auto call = Call();
    AnswerTo(call, narrow).Send(JsonResponse(body));
    const net::Response response = call->Wait();
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(net::FindHeader(response.headers, "retry-after"), "1");
  }
}

TEST_F(HttpAnswerTest, ItsMemoryIsHeldUntilItIsSent) {
  base::ByteBudget budget(1 << 20);
  const storage::QueryContext context({.answers = &budget});
  {
    const auto call = Call();
    AnswerTo(call, context).Send(JsonResponse("{}"));
    EXPECT_EQ(budget.used(), 2U) << "the call has it, which is not sent";
  }
  EXPECT_EQ(budget.used(), 0U);
  {
    const auto call = Call();
    AnswerTo(call, context).Send(JsonResponse(kLong));
    EXPECT_GT(budget.used(), 64U << 10);
  }
  EXPECT_EQ(budget.used(), 0U);
}

TEST_F(HttpAnswerTest, AllowedPagesMayReadIt) {
  cors_.allowed_origins = {"https://shop.example"};
  const auto call = Call("GET", {{"origin", "https://shop.example"}});
  AnswerTo(call, context_).Send(JsonResponse("{}"));
  EXPECT_EQ(net::FindHeader(call->Wait().headers, "access-control-allow-origin"),
            "https://shop.example");
}

}  // namespace
}  // namespace spandrel::api
