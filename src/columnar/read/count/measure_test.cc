// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/measure.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "columnar/testing/places.h"

namespace spandrel::columnar {
namespace {

using storage::Expression;
using storage::FieldRef;
using storage::Intrinsic;
using storage::MeasureKind;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kStart = 1'000'000 * kSecond;
constexpr uint64_t kWindow = 600 * kSecond;

void ExpectSame(const storage::MeasureResult& got, const storage::MeasureResult& wanted) {
  ASSERT_EQ(got.series.size(), wanted.series.size());
  for (size_t i = 0; i < got.series.size(); ++i) {
    EXPECT_EQ(got.series[i].group, wanted.series[i].group);
    ASSERT_EQ(got.series[i].buckets.size(), wanted.series[i].buckets.size());
    for (size_t j = 0; j < got.series[i].buckets.size(); ++j) {
      const storage::MeasureBucket& a = got.series[i].buckets[j];
      const storage::MeasureBucket& b = wanted.series[i].buckets[j];
      EXPECT_EQ(a.start_time_unix_nano, b.start_time_unix_nano);
      EXPECT_EQ(a.spans, b.spans);
      EXPECT_EQ(a.exemplars.size(), b.exemplars.size());
      ASSERT_EQ(a.measures.size(), b.measures.size());
      for (size_t k = 0; k < a.measures.size(); ++k) {
        EXPECT_EQ(a.measures[k].count, b.measures[k].count);
        EXPECT_DOUBLE_EQ(a.measures[k].sum, b.measures[k].sum);
        EXPECT_EQ(a.measures[k].min, b.measures[k].min);
        EXPECT_EQ(a.measures[k].max, b.measures[k].max);
        EXPECT_EQ(a.measures[k].histogram, b.measures[k].histogram);
      }
    }
  }
}

// Few and many cells, of rows that match all or some, and spans that stand for several.
TEST(MeasureTest, ColumnsSayWhatSpansSay) {
  std::mt19937_64 random(1);
  auto spans = conformance::RandomSpans(random, 1, 200, kStart, kWindow);
  for (auto& span : spans) {
    if (random() % 8 == 0) span.duration = 0;
  }
  TestPlaces places;
  places.Scatter(spans, 3, random, 1);
  const FieldRef duration = Intrinsic::kDuration;
  const FieldRef start = Intrinsic::kStartTime;
  const Expression of_one = Expression::Compare(storage::CompareOp::kEqual,
                                                Expression::Of(FieldRef(Intrinsic::kServiceName)),
                                                Expression::Constant(std::string("service-1")));
  const std::vector<std::vector<FieldRef>> groups = {
      {}, {Intrinsic::kServiceName}, {Intrinsic::kName, Intrinsic::kStatus}};
  for (const Expression& where : {Expression(), of_one}) {
    for (const uint64_t step : {uint64_t{0}, uint64_t{1}, kSecond / 100, 7 * kSecond, kWindow}) {
      for (const auto& group_by : groups) {
        for (const uint64_t from : {kStart + 1, kStart + kWindow / 3}) {
          storage::MeasureRequest request;
          request.where = where;
          request.start_time = {from, kStart + kWindow};
          request.group_by = group_by;
          request.step_nano = step;
          request.exemplars = random() % 3;
          request.measures = {{MeasureKind::kHistogram, duration}, {MeasureKind::kSum, start},
                              {MeasureKind::kMin, duration},       {MeasureKind::kMax, start},
                              {MeasureKind::kCount, duration},     {MeasureKind::kCount, {}}};
          if (random() % 2 == 0) request.measures = {{}};
          const auto got = MeasureSpans({}, places.snapshot(), request);
          ASSERT_TRUE(got.ok());
          SCOPED_TRACE("step " + std::to_string(step));
          ExpectSame(*got, places.reference().Measure({}, request).value());
        }
      }
    }
  }
}

// What is counted by cell is reserved, and goes back.
TEST(MeasureTest, ReservesWhatItCounts) {
  std::mt19937_64 random(2);
  TestPlaces places;
  places.AddPart(conformance::RandomSpans(random, 1, 200, kStart, kWindow));
  storage::MeasureRequest request;
  request.start_time = {kStart, kStart + kWindow};
  request.step_nano = kSecond;
  request.measures = {{MeasureKind::kHistogram, FieldRef(Intrinsic::kDuration)}};
  base::ByteBudget small(size_t{16} << 10);
  EXPECT_EQ(MeasureSpans(storage::QueryContext({.memory = &small}), places.snapshot(), request)
                .status()
                .code(),
            base::StatusCode::kResourceExhausted);
  EXPECT_EQ(small.used(), 0U);
  base::ByteBudget large(size_t{64} << 20);
  EXPECT_TRUE(
      MeasureSpans(storage::QueryContext({.memory = &large}), places.snapshot(), request).ok());
  EXPECT_EQ(large.used(), 0U);
}

}  // namespace
}  // namespace spandrel::columnar
