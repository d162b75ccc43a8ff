// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/list/lists.h"

#include <gtest/gtest.h>

#include "columnar/testing/places.h"
#include "conformance/random_questions.h"

namespace spandrel::columnar {
namespace {

using conformance::TestSpan;
using storage::AttributeField;
using storage::AttributeScope;
using storage::Field;
using storage::Intrinsic;
using storage::Predicate;

constexpr uint64_t kStart = 1'000'000'000'000;
constexpr uint64_t kWindow = 16'000'000'000;

// Attributes of every type, some keys twice.
std::vector<TestSpan> RandomSpans(std::mt19937_64& random) {
  auto spans = conformance::RandomSpans(random, 1, 100, kStart, kWindow);
  for (TestSpan& span : spans) {
    const auto number = static_cast<int64_t>(random() % 300);
    if (random() % 2 == 0) span.attributes.emplace_back("k1", number);
    if (random() % 4 == 0) span.attributes.emplace_back("k1", "text-" + std::to_string(number));
    if (random() % 4 == 0) span.attributes.emplace_back("k2", number % 2 == 0);
    if (random() % 4 == 0) span.attributes.emplace_back("k2", 0.5 * double(number));
  }
  return spans;
}

TEST(ListsTest, EqualThoseOfTheReference) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    TestPlaces places;
    places.Scatter(RandomSpans(random), 3, random);
    for (int i = 0; i < 60; ++i) {
      SCOPED_TRACE(i);
      const bool all = random() % 3 == 0;
      const Predicate where = all ? Predicate::All() : conformance::RandomPredicate(random);
      const uint64_t min = kStart + random() % kWindow;
      const storage::TimeRange range =
          random() % 2 == 0 ? storage::TimeRange() : storage::TimeRange{min, min + kWindow / 3};
      const size_t limit = random() % 50;
      EXPECT_EQ(ListTagNames({}, places.snapshot(), where, range, limit).value(),
                places.reference().TagNames({}, where, range, limit).value());
      Field field = static_cast<Intrinsic>(random() % 16);
      if (random() % 2 == 0) {
        field = AttributeField{static_cast<AttributeScope>(random() % 6),
                               "k" + std::to_string(random() % 4)};
      }
      EXPECT_EQ(ListTagValues({}, places.snapshot(), field, where, range, limit).value(),
                places.reference().TagValues({}, field, where, range, limit).value());
    }
  }
}

}  // namespace
}  // namespace spandrel::columnar
