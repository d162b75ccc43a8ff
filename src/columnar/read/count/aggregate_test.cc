// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/aggregate.h"

#include <gtest/gtest.h>

#include "columnar/read/count/minute_counts.h"
#include "columnar/read/count/template_counts.h"
#include "columnar/testing/places.h"

namespace spandrel::columnar {
namespace {

using conformance::TestSpan;
using storage::AggregateRequest;
using storage::CompareOp;
using storage::Field;
using storage::Intrinsic;
using storage::Predicate;

constexpr uint64_t kMinute = 60'000'000'000;
constexpr uint64_t kStart = 1000 * kMinute;

uint64_t Below(std::mt19937_64& random, uint64_t bound) {
  return random() % bound;
}

// Ten minutes of spans whose services have resources that differ, or have none at all.
std::vector<TestSpan> SpansOfMinutes(std::mt19937_64& random) {
  auto spans = conformance::RandomSpans(random, 1, 150, kStart, 10 * kMinute);
  for (TestSpan& span : spans) {
    if (Below(random, 10) == 0) span.duration = 0;
    if (Below(random, 10) == 0) span.service = "";
    // Of some services all resources have the same zone.
    const std::string zone = span.service == "service-1" ? "b" : Below(random, 2) == 0 ? "a" : "b";
    span.resource_attributes = {{"zone", zone}};
  }
  return spans;
}

Predicate Equals(Field field, const char* text) {
  return Predicate::Compare(std::move(field), CompareOp::kEqual, std::string(text));
}

Field ResourceField(const char* key) {
  return storage::AttributeField{storage::AttributeScope::kResource, key};
}

Predicate RandomCondition(std::mt19937_64& random) {
  const auto random_duration = [&] { return static_cast<int64_t>(1) << Below(random, 34); };
  switch (Below(random, 9)) {
    case 0:
      return Equals(Intrinsic::kServiceName, "service-1");
    case 1:
      return Predicate::Not(Equals(Intrinsic::kServiceName, "service-0"));
    case 2:
      return Equals(Intrinsic::kStatus, "error");
    case 3:
      return Equals(Intrinsic::kStatus, "ok");
    case 4:
      return Equals(ResourceField("zone"), "b");
    case 5:
      return Equals(Intrinsic::kName, "operation-2");
    case 6:
      return Predicate::Compare(Intrinsic::kDuration, CompareOp::kGreater, random_duration());
    case 7:
      return Predicate::Or(
          {Equals(Intrinsic::kServiceName, "service-1"),
           Predicate::Compare(Intrinsic::kDuration, CompareOp::kLess, random_duration())});
    default:
      return Predicate::All();
  }
}

storage::TimeRange RandomRange(std::mt19937_64& random) {
  const uint64_t unit = Below(random, 2) == 0 ? kMinute : kMinute / 7;
  const uint64_t min = kStart + Below(random, 9 * kMinute) / unit * unit;
  if (Below(random, 4) == 0) return {min, UINT64_MAX};
  return {min, min + (1 + Below(random, 8 * kMinute) / unit) * unit};
}

AggregateRequest RandomRequest(std::mt19937_64& random) {
  static const std::array<Field, 7> kFields = {
      Intrinsic::kServiceName,
      Intrinsic::kName,
      Intrinsic::kStatus,
      Intrinsic::kKind,
      ResourceField("zone"),
      ResourceField("service.name"),
      storage::AttributeField{storage::AttributeScope::kSpan, "k1"}};
  AggregateRequest request;
  request.where = Predicate::And({RandomCondition(random), RandomCondition(random)});
  request.start_time = RandomRange(random);
  request.unit = Below(random, 5) == 0 ? storage::CountUnit::kTraces : storage::CountUnit::kSpans;
  if (request.unit == storage::CountUnit::kSpans) {
    for (size_t i = Below(random, 3); i > 0; --i) {
      request.group_by.push_back(kFields[Below(random, kFields.size())]);
    }
  }
  static constexpr std::array<uint64_t, 5> kSteps = {0, kMinute, 3 * kMinute, 60 * kMinute,
                                                     kMinute / 2};
  request.step_nano = kSteps[Below(random, kSteps.size())];
  request.max_groups = 1 + Below(random, 20);
  return request;
}

void ExpectEqual(const storage::AggregateResult& got, const storage::AggregateResult& wanted) {
  EXPECT_EQ(got.truncated, wanted.truncated);
  ASSERT_EQ(got.series.size(), wanted.series.size());
  for (size_t i = 0; i < got.series.size(); ++i) {
    EXPECT_EQ(got.series[i].group, wanted.series[i].group);
    const auto& a = got.series[i].buckets;
    const auto& b = wanted.series[i].buckets;
    ASSERT_EQ(a.size(), b.size());
    for (size_t at = 0; at < a.size(); ++at) {
      EXPECT_EQ(a[at].start_time_unix_nano, b[at].start_time_unix_nano);
      EXPECT_EQ(a[at].count, b[at].count);
      EXPECT_EQ(a[at].error_count, b[at].error_count);
      EXPECT_EQ(a[at].latency.buckets(), b[at].latency.buckets());
      EXPECT_EQ(a[at].latency.zero_count(), b[at].latency.zero_count());
      EXPECT_EQ(a[at].latency.count(), b[at].latency.count());
    }
  }
}

TEST(AggregateTest, EqualsTheScanOnRandomDataAndQuestions) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    TestPlaces places;
    // From no judged part to judged parts only.
    places.Scatter(SpansOfMinutes(random), 5, random, seed % 6);
    for (int i = 0; i < 60; ++i) {
      SCOPED_TRACE(i);
      const AggregateRequest request = RandomRequest(random);
      const auto got = AggregateSpans({}, places.snapshot(), request);
      ASSERT_TRUE(got.ok()) << got.status().ToString();
      ExpectEqual(*got, places.reference().Aggregate({}, request).value());
    }
  }
}

TEST(AggregateTest, CountsMatchesInATextThatAllSpansHave) {
  for (const bool policy_applied : {false, true}) {
    std::mt19937_64 random(5);
    auto spans = SpansOfMinutes(random);
    for (size_t i = 0; i < spans.size(); ++i) {
      spans[i].attributes = {{"host", "10.1." + std::to_string(i % 37)}};
    }
    TestPlaces places;
    policy_applied ? places.AddPartWithPolicy(spans) : places.AddPart(spans);
    AggregateRequest request;
    for (const char* pattern : {"[13]$", "^10", "nowhere"}) {
      for (const uint64_t min : {uint64_t{0}, kStart + kMinute * 3}) {
        SCOPED_TRACE(pattern);
        request.where =
            Predicate::Compare(storage::AttributeField{storage::AttributeScope::kSpan, "host"},
                               CompareOp::kMatches, std::string(pattern));
        request.start_time = {min, UINT64_MAX};
        ExpectEqual(AggregateSpans({}, places.snapshot(), request).value(),
                    places.reference().Aggregate({}, request).value());
      }
    }
  }
}

// Of a part that is judged, or not.
class AggregatePathTest : public testing::TestWithParam<bool> {
 protected:
  AggregatePathTest() {
    std::mt19937_64 random(3);
    const auto spans = SpansOfMinutes(random);
    GetParam() ? places_.AddPartWithPolicy(spans) : places_.AddPart(spans);
  }

  bool ByMinutes(const AggregateRequest& request) {
    if (!MinuteCounts::MayAnswer(request)) return false;
    SpanGroups groups(context_, request);
    const Matcher matcher = Matcher::Make(request.where, request.start_time).value();
    MinuteCounts minutes(request, matcher.evaluator(), &groups);
    return ExpectRight(request, minutes.Add(*places_.snapshot().parts[0], 0, 0), &groups);
  }
  bool ByTemplates(const AggregateRequest& request) {
    if (!TemplateCounts::CanAnswer(request)) return false;
    const Matcher matcher = Matcher::Make(request.where, request.start_time).value();
    SpanGroups groups(context_, request);
    TemplateCounts templates(request, matcher, &groups);
    return ExpectRight(request, templates.Add(*places_.snapshot().parts[0], 0, 0), &groups);
  }

 private:
  bool ExpectRight(const AggregateRequest& request, bool answered, SpanGroups* groups) {
    const auto got = std::move(*groups).Finish();
    if (answered) {
      ExpectEqual(got, places_.reference().Aggregate({}, request).value());
    } else {
      EXPECT_TRUE(got.series.empty());
    }
    return answered;
  }

  const storage::QueryContext context_;
  TestPlaces places_;
};

INSTANTIATE_TEST_SUITE_P(Parts, AggregatePathTest, testing::Bool());

TEST_P(AggregatePathTest, MinutesAnswerWhatServicesAndErrorsDecide) {
  AggregateRequest request;
  request.start_time = {kStart, kStart + 60 * kMinute};
  request.step_nano = kMinute;
  EXPECT_TRUE(ByMinutes(request));
  request.group_by = {Intrinsic::kServiceName};
  EXPECT_TRUE(ByMinutes(request));
  request.where = Equals(Intrinsic::kStatus, "error");
  EXPECT_TRUE(ByMinutes(request));
  request.where = Equals(Intrinsic::kServiceName, "service-1");
  EXPECT_TRUE(ByMinutes(request));
  // Spans without a service have a text for neither.
  request.group_by = {ResourceField("service.name")};
  EXPECT_TRUE(ByMinutes(request));
  request.group_by = {ResourceField("zone")};
  EXPECT_TRUE(ByMinutes(request));
  request.where = Predicate::All();
  EXPECT_FALSE(ByMinutes(request)) << "other services are in two zones";
  request.group_by = {Intrinsic::kStatus};
  EXPECT_FALSE(ByMinutes(request)) << "what is no error is ok or unset";
  request.group_by = {Intrinsic::kName};
  EXPECT_FALSE(ByMinutes(request));
}

TEST_P(AggregatePathTest, MinutesThatAreCutAreNotAnswered) {
  AggregateRequest request;
  request.start_time = {kStart + 2 * kMinute, kStart + 5 * kMinute};
  EXPECT_TRUE(ByMinutes(request));
  request.step_nano = kMinute;
  EXPECT_TRUE(ByMinutes(request));
  request.step_nano = kMinute / 2;
  EXPECT_FALSE(ByMinutes(request));
  request.step_nano = kMinute;
  request.start_time.min_unix_nano += 1'000'000'000;
  EXPECT_FALSE(ByMinutes(request));
  // A range that holds all there is may begin anywhere.
  request.step_nano = 0;
  request.start_time = {kStart - kMinute / 2, kStart + 60 * kMinute + 1};
  EXPECT_TRUE(ByMinutes(request));
}

TEST_P(AggregatePathTest, TemplatesAnswerNamesAndTimes) {
  AggregateRequest request;
  request.start_time = {kStart + kMinute / 3, kStart + 7 * kMinute};
  request.step_nano = kMinute / 5;
  request.group_by = {Intrinsic::kName, Intrinsic::kStatus, Intrinsic::kKind};
  EXPECT_TRUE(ByTemplates(request));
  request.where = Predicate::Compare(Intrinsic::kDuration, CompareOp::kGreater, int64_t{1'000'000});
  EXPECT_TRUE(ByTemplates(request));
  const Field key = storage::AttributeField{storage::AttributeScope::kSpan, "k1"};
  request.where = Predicate::Exists(key);
  EXPECT_TRUE(ByTemplates(request));
  request.group_by = {key};
  EXPECT_FALSE(ByTemplates(request));
}

}  // namespace
}  // namespace spandrel::columnar
