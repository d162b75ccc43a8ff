// SPDX-License-Identifier: Apache-2.0
#include "base/status.h"

#include <gtest/gtest.h>

#include <memory>

namespace spandrel::base {
namespace {

using std::chrono::milliseconds;

TEST(Status, SaysCodeAndMessage) {
  EXPECT_EQ(Status().ToString(), "OK");
  EXPECT_TRUE(Status().ok());
  const Status status(StatusCode::kNotFound, "part 42");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.ToString(), "NOT_FOUND: part 42");
  EXPECT_EQ(status.Annotate("store").ToString(), "NOT_FOUND: store: part 42");
  EXPECT_TRUE(Status().Annotate("store").ok());
  EXPECT_EQ(StatusCodeName(StatusCode::kUnauthenticated), "UNAUTHENTICATED");
  EXPECT_EQ(StatusCodeName(static_cast<StatusCode>(200)), "UNKNOWN");
}

TEST(Status, RetryableAsOtlpHasIt) {
  EXPECT_FALSE(Status().retryable());
  EXPECT_FALSE(Status(StatusCode::kInvalidArgument, "").retryable());
  EXPECT_FALSE(Status(StatusCode::kInternal, "").retryable());
  EXPECT_TRUE(Status(StatusCode::kUnavailable, "").retryable());
  EXPECT_TRUE(Status(StatusCode::kDataLoss, "").retryable());
  Status exhausted(StatusCode::kResourceExhausted, "");
  EXPECT_FALSE(exhausted.retryable());
  exhausted.set_retry_after(milliseconds(5));
  EXPECT_TRUE(exhausted.retryable());
  EXPECT_EQ(Status::Unavailable("full", milliseconds(7)).Annotate("queue").retry_after(),
            milliseconds(7));
}

Result<int> Half(int number) {
  if (number % 2 != 0) return Status(StatusCode::kInvalidArgument, "odd");
  return number / 2;
}

Status RequireEven(int number) {
  SPANDREL_RETURN_IF_ERROR(Half(number).status());
  return {};
}

TEST(Result, HoldsAValueOrAStatus) {
  EXPECT_EQ(*Half(4), 2);
  EXPECT_TRUE(Half(4).status().ok());
  EXPECT_EQ(Half(3).status().message(), "odd");
  EXPECT_TRUE(RequireEven(2).ok());
  EXPECT_FALSE(RequireEven(3).ok());
}

TEST(Result, MovesItsValueOut) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

}  // namespace
}  // namespace spandrel::base
