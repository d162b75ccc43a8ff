// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "traceql/parse.h"
#include "traceql/print.h"
#include "traceql/testing/random_query.h"

namespace spandrel::traceql {
namespace {

TEST(RandomQueries, PrintAsWhatReadsAsTheSame) {
  std::mt19937 random(7);
  size_t valid = 0;
  for (int i = 0; i < 5'000; ++i) {
    const std::string text = RandomQuery(random);
    const auto query = Parse(text);
    if (!query.ok()) {
      // Regular expressions meet numbers now and then; all else is right.
      ASSERT_EQ(query.status().message().find("expected a value"), std::string::npos)
          << text << "\n"
          << query.status().message();
      continue;
    }
    ++valid;
    const std::string printed = ToText(*query);
    const auto again = Parse(printed);
    ASSERT_TRUE(again.ok()) << text << "\n" << printed << "\n" << again.status().message();
    ASSERT_EQ(ToText(*again), printed) << text;
  }
  EXPECT_GT(valid, 3'000U);
}

}  // namespace
}  // namespace spandrel::traceql
