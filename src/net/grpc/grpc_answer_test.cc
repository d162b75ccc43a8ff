// SPDX-License-Identifier: Apache-2.0
#include "net/grpc/grpc_answer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/grpc/grpc_frame.h"

namespace spandrel::net {
namespace {

using base::StatusCode;

Response Answer(std::string body) {
  Response response;
  response.trailers = {{"grpc-status", "0"}};
  response.body = std::move(body);
  return response;
}

TEST(GrpcAnswerTest, OneMessageIsTheAnswerOfAUnaryCall) {
  EXPECT_EQ(*UnaryGrpcMessage(Answer(MakeGrpcFrame("hello")), 10), "hello");
  EXPECT_EQ(UnaryGrpcMessage(Answer(MakeGrpcFrame("hello")), 4).status().code(),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(UnaryGrpcMessage(Answer(""), 10).status().code(), StatusCode::kInternal);
  EXPECT_EQ(UnaryGrpcMessage(Answer(MakeGrpcFrame("a") + MakeGrpcFrame("b")), 10).status().code(),
            StatusCode::kInternal);
}

TEST(GrpcAnswerTest, AStreamIsCutIntoMessages) {
  std::vector<std::string> messages;
  GrpcMessageReader reader(10, [&](std::string message) { messages.push_back(message); });
  for (const char c : MakeGrpcFrame("one") + MakeGrpcFrame("") + MakeGrpcFrame("three")) {
    EXPECT_TRUE(reader.Append({&c, 1}));
  }
  EXPECT_TRUE(reader.Finish().ok());
  EXPECT_EQ(messages, (std::vector<std::string>{"one", "", "three"}));
  EXPECT_TRUE(reader.Append(MakeGrpcFrame("four").substr(0, 6)));
  EXPECT_EQ(reader.Finish().code(), StatusCode::kInternal);
}

// The request was good: its sender must not be told otherwise.
TEST(GrpcAnswerTest, AFaultOfAStreamedAnswerIsTheServers) {
  for (const std::string& body : {std::string("\2\0\0\0\0", 5), std::string("\1\0\0\0\0", 5),
                                  MakeGrpcFrame("not gzip", true)}) {
    GrpcMessageReader reader(10, [](const std::string&) {});
    reader.set_encoding(body.front() == 1 && body.size() > 5 ? "gzip" : "");
    EXPECT_FALSE(reader.Append(body));
    EXPECT_EQ(reader.status().code(), StatusCode::kInternal) << reader.status().ToString();
  }
  GrpcMessageReader reader(2, [](const std::string&) {});
  EXPECT_FALSE(reader.Append(MakeGrpcFrame("one")));
  EXPECT_EQ(reader.status().code(), StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace spandrel::net
