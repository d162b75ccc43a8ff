// SPDX-License-Identifier: Apache-2.0
#include "net/grpc/grpc_frame.h"

#include <gtest/gtest.h>

namespace spandrel::net {
namespace {

using base::Status;
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

// What a reader makes of bytes that come in pieces of that size.
std::vector<std::string> ReadAll(const std::string& bytes, size_t piece, Status* error) {
  base::ByteBudget memory(1 << 20);
  GrpcFrameReader reader(&memory, 1000, "");
  std::vector<std::string> messages;
  for (size_t at = 0; at < bytes.size() && error->ok(); at += piece) {
    std::string_view rest = std::string_view(bytes).substr(at, piece);
    while (!rest.empty() && error->ok()) {
      base::ByteBudget::Reservation reservation;
      auto message = reader.Next(&rest, &reservation);
      *error = message.status();
      if (message.ok() && *message) messages.push_back(**std::move(message));
    }
  }
  if (error->ok() && !reader.is_between()) *error = Status(StatusCode::kInternal, "cut off");
  return messages;
}

TEST(GrpcFrameReaderTest, FindsMessagesHoweverTheyAreCut) {
  const std::vector<std::string> messages = {"hello", "", std::string(1000, 'x'), "", "y"};
  std::string bytes;
  for (const std::string& message : messages) bytes += MakeGrpcFrame(message);
  for (const size_t piece : {1, 2, 5, 6, 7, 999, 5000}) {
    Status status;
    EXPECT_EQ(ReadAll(bytes, piece, &status), messages) << piece;
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  Status status;
  EXPECT_EQ(ReadAll(bytes.substr(0, bytes.size() - 1), 3, &status).size(), 4U);
  EXPECT_EQ(status.message(), "cut off");
}

TEST(GrpcFrameReaderTest, RefusesASizeBeforeItsBytes) {
  Status status;
  EXPECT_TRUE(ReadAll(std::string("\0\0\0\x03\xe9", 5), 1, &status).empty());
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  status = {};
  EXPECT_EQ(ReadAll(MakeGrpcFrame("a") + "\2" + MakeGrpcFrame("b").substr(1), 4, &status).size(),
            1U);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace spandrel::net
