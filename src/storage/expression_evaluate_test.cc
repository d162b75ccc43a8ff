// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "conformance/random_expressions.h"
#include "conformance/test_spans.h"
#include "storage/arithmetic.h"
#include "storage/evaluate.h"
#include "storage/narrow.h"
#include "storage/trace_fields.h"
#include "storage/value_histogram.h"

namespace spandrel::storage {
namespace {

using conformance::TestArray;
using conformance::TestSpan;

Expression Attribute(const std::string& key, AttributeScope scope = AttributeScope::kSpan) {
  return Expression::Of(AttributeField{scope, key});
}

Expression Compare(CompareOp op, Expression left, OptionalValue right) {
  return Expression::Compare(op, std::move(left), Expression::Constant(std::move(right)));
}

bool Matches(const Expression& expression, const TestSpan& test_span) {
  const auto evaluator = Evaluator::Make(expression);
  EXPECT_TRUE(evaluator.ok()) << evaluator.status().ToString();
  const span::SpanBatch batch = conformance::MakeBatch({test_span});
  return (*evaluator)->Matches(span::SpanRef(*batch.chunks()[0], 0));
}

TEST(ExpressionEvaluateTest, AnElementOfAnArrayIsEnough) {
  const TestSpan span = {
      .attributes = {{"tags", TestArray{std::string("red"), int64_t{3}}}, {"none", TestArray{}}}};
  EXPECT_TRUE(Matches(Compare(CompareOp::kEqual, Attribute("tags"), "red"), span));
  EXPECT_TRUE(Matches(Compare(CompareOp::kGreater, Attribute("tags"), 2.5), span));
  EXPECT_TRUE(Matches(Compare(CompareOp::kMatches, Attribute("tags"), "^r"), span));
  EXPECT_FALSE(Matches(Compare(CompareOp::kNotEqual, Attribute("tags"), "red"), span));
  EXPECT_TRUE(Matches(Compare(CompareOp::kNotEqual, Attribute("tags"), "blue"), span));
  EXPECT_FALSE(Matches(Compare(CompareOp::kNotEqual, Attribute("tags"), true), span));
  EXPECT_FALSE(Matches(Compare(CompareOp::kDoesNotMatch, Attribute("tags"), "e"), span));
  EXPECT_FALSE(Matches(Compare(CompareOp::kNotEqual, Attribute("none"), "red"), span));
  EXPECT_TRUE(Matches(Compare(CompareOp::kTextEqual, Attribute("tags"), "[\"red\",3]"), span));
}

TEST(ExpressionEvaluateTest, ComparesFieldsWithOneAnother) {
  const TestSpan span = {
      .attributes = {{"a", int64_t{5}}, {"b", 5.0}, {"list", TestArray{int64_t{1}, int64_t{5}}}}};
  const auto compare = [&](CompareOp op, const char* left, const char* right) {
    return Matches(Expression::Compare(op, Attribute(left), Attribute(right)), span);
  };
  EXPECT_TRUE(compare(CompareOp::kEqual, "a", "b"));
  EXPECT_FALSE(compare(CompareOp::kLess, "a", "b"));
  EXPECT_TRUE(compare(CompareOp::kEqual, "a", "list"));
  EXPECT_FALSE(compare(CompareOp::kNotEqual, "a", "list"));
  EXPECT_FALSE(compare(CompareOp::kNotEqual, "a", "absent"));
  // A constant may stand on either side.
  EXPECT_TRUE(Matches(
      Expression::Compare(CompareOp::kLess, Expression::Constant(int64_t{4}), Attribute("a")),
      span));
}

TEST(ExpressionEvaluateTest, ComputesWithNumbers) {
  const auto compute = [](ArithmeticOp op, Number left, Number right) {
    return Compute(op, left, right);
  };
  const auto of_int = [](int64_t value) { return std::optional<Number>(value); };
  EXPECT_EQ(compute(ArithmeticOp::kDivide, int64_t{7}, int64_t{2}), of_int(3));
  EXPECT_EQ(compute(ArithmeticOp::kDivide, int64_t{7}, 2.0), std::optional<Number>(3.5));
  EXPECT_EQ(compute(ArithmeticOp::kDivide, int64_t{7}, int64_t{0}), std::nullopt);
  EXPECT_EQ(compute(ArithmeticOp::kModulo, int64_t{-7}, int64_t{3}), of_int(-1));
  EXPECT_EQ(compute(ArithmeticOp::kModulo, INT64_MIN, int64_t{-1}), of_int(0));
  EXPECT_EQ(compute(ArithmeticOp::kDivide, INT64_MIN, int64_t{-1}), std::optional<Number>(0x1p63));
  EXPECT_EQ(compute(ArithmeticOp::kPower, int64_t{2}, int64_t{3}), of_int(8));
  EXPECT_EQ(compute(ArithmeticOp::kPower, int64_t{2}, int64_t{-1}), std::optional<Number>(0.5));
  EXPECT_EQ(compute(ArithmeticOp::kPower, int64_t{10}, int64_t{30}), std::optional<Number>(1e30));
  EXPECT_EQ(compute(ArithmeticOp::kAdd, INT64_MAX, int64_t{1}), std::optional<Number>(0x1p63));
  EXPECT_TRUE(std::isinf(std::get<double>(*compute(ArithmeticOp::kDivide, 1.0, 0.0))));
  EXPECT_EQ(Negated(INT64_MIN), Number(0x1p63));
}

TEST(ExpressionEvaluateTest, ArithmeticWithoutANumberHasNoValue) {
  const TestSpan span = {.attributes = {{"n", int64_t{3}}, {"text", std::string("3")}}};
  const auto plus = [](Expression other) {
    return Expression::Arithmetic(ArithmeticOp::kAdd, Attribute("n"), std::move(other));
  };
  EXPECT_TRUE(Matches(Compare(CompareOp::kEqual, plus(Attribute("n")), int64_t{6}), span));
  EXPECT_FALSE(Matches(Compare(CompareOp::kNotEqual, plus(Attribute("text")), int64_t{6}), span));
  EXPECT_FALSE(Matches(Compare(CompareOp::kNotEqual, plus(Attribute("absent")), int64_t{6}), span));
  EXPECT_TRUE(Matches(
      Expression::Not(Compare(CompareOp::kEqual, plus(Attribute("absent")), int64_t{6})), span));
}

TEST(ExpressionEvaluateTest, AFieldMayBeACondition) {
  const TestSpan span = {.attributes = {{"yes", true}, {"no", false}, {"one", int64_t{1}}}};
  EXPECT_TRUE(Matches(Attribute("yes"), span));
  EXPECT_FALSE(Matches(Attribute("no"), span));
  EXPECT_FALSE(Matches(Attribute("one"), span));
  EXPECT_FALSE(Matches(Attribute("absent"), span));
  EXPECT_TRUE(Matches(Expression::Not(Attribute("absent")), span));
  EXPECT_TRUE(Matches(Compare(CompareOp::kEqual, Expression::Not(Attribute("no")), true), span));
}

TEST(ExpressionEvaluateTest, AnUnscopedFieldIsTheSpansThenTheResources) {
  const TestSpan span = {.attributes = {{"both", int64_t{1}}},
                         .resource_attributes = {{"both", int64_t{2}}, {"there", int64_t{3}}}};
  const auto equals = [&](const char* key, int64_t value) {
    return Matches(Compare(CompareOp::kEqual, Attribute(key, AttributeScope::kUnscoped), value),
                   span);
  };
  EXPECT_TRUE(equals("both", 1));
  EXPECT_FALSE(equals("both", 2));
  EXPECT_TRUE(equals("there", 3));
}

TEST(ExpressionEvaluateTest, SomeEventAsksSeveralThingsOfOneEvent) {
  TestSpan span;
  span.start = 1000;
  span.attributes = {{"a", int64_t{9}}};
  span.events = {{1010, "retry", {{"a", int64_t{1}}}}, {1020, "exception", {{"a", int64_t{2}}}}};
  const auto name_is = [](const char* name) {
    return Compare(CompareOp::kEqual, Expression::Of(Intrinsic::kEventName), name);
  };
  const auto a_is = [](int64_t value, AttributeScope scope) {
    return Compare(CompareOp::kEqual, Attribute("a", scope), value);
  };
  const auto some = [](std::vector<Expression> all) {
    return Expression::SomeEvent(Expression::And(std::move(all)));
  };
  const auto event = AttributeScope::kEvent;
  EXPECT_TRUE(Matches(Expression::And({name_is("retry"), a_is(2, event)}), span));
  EXPECT_FALSE(Matches(some({name_is("retry"), a_is(2, event)}), span));
  EXPECT_TRUE(Matches(some({name_is("exception"), a_is(2, event)}), span));
  // Other fields are those of the span; any of the five lists is, but for events.
  EXPECT_TRUE(Matches(some({name_is("retry"), a_is(9, AttributeScope::kSpan)}), span));
  EXPECT_TRUE(Matches(some({name_is("retry"), a_is(9, AttributeScope::kAny)}), span));
  EXPECT_FALSE(Matches(some({name_is("retry"), a_is(2, AttributeScope::kAny)}), span));
  EXPECT_TRUE(Matches(some({name_is("retry"),
                            Compare(CompareOp::kLess,
                                    Expression::Of(Intrinsic::kEventTimeSinceStart), int64_t{15})}),
                      span));
  // What some event does not say, though another one does.
  EXPECT_TRUE(Matches(some({Expression::Not(name_is("retry"))}), span));
  EXPECT_TRUE(Matches(some({}), span));
  EXPECT_FALSE(Matches(some({}), TestSpan()));
  EXPECT_FALSE(Matches(Expression::SomeLink({}), span));
}

TEST(ExpressionEvaluateTest, SomeLinkAsksSeveralThingsOfOneLink) {
  TestSpan span;
  span.links = {{.trace = 1, .span = 5, .attributes = {{"a", true}}}, {.trace = 2, .span = 6}};
  const auto some = [](uint64_t of_span, Expression other) {
    const auto id = Compare(CompareOp::kEqual, Expression::Of(Intrinsic::kLinkSpanId),
                            conformance::SpanIdOf(of_span).ToHex());
    return Expression::SomeLink(Expression::And({id, std::move(other)}));
  };
  EXPECT_TRUE(Matches(some(5, Attribute("a", AttributeScope::kLink)), span));
  EXPECT_FALSE(Matches(some(6, Attribute("a", AttributeScope::kLink)), span));
  EXPECT_TRUE(Matches(some(6, {}), span));
}

TEST(ExpressionEvaluateTest, NilComparesWithNothing) {
  EXPECT_FALSE(Matches(Compare(CompareOp::kEqual, Attribute("absent"), std::nullopt), {}));
  EXPECT_FALSE(Matches(Compare(CompareOp::kNotEqual, Attribute("absent"), std::nullopt), {}));
}

// The spans of a trace as rows.
class TraceRowsTest : public testing::Test {
 protected:
  void Load(const std::vector<TestSpan>& spans) {
    batch_ = conformance::MakeBatch(spans);
    std::vector<span::SpanRef> refs;
    span::ForEachSpan(batch_, [&refs](const span::SpanRef& span) { refs.push_back(span); });
    std::stable_sort(refs.begin(), refs.end(), [](const auto& a, const auto& b) {
      return a.entry().start_time_unix_nano < b.entry().start_time_unix_nano;
    });
    trace_.emplace(std::move(refs));
  }
  OptionalValue ValueAt(FieldRef field, size_t span) const {
    return FirstValue(field, TraceFields::Row(*trace_, span));
  }

  span::SpanBatch batch_;
  std::optional<TraceFields> trace_;
};

TEST_F(TraceRowsTest, NumbersNestedSets) {
  Load({{.span = 1, .name = "root", .start = 10},
        {.span = 2, .parent = 1, .start = 11},
        {.span = 3, .parent = 2, .start = 12},
        {.span = 4, .parent = 1, .start = 13},
        {.span = 5, .parent = 9, .start = 14},
        {.span = 6, .parent = 6, .start = 15},
        {.span = 7, .start = 16}});
  const auto numbers = [&](Intrinsic field) {
    std::vector<int64_t> all;
    for (size_t i = 0; i < trace_->size(); ++i) {
      all.push_back(std::get<int64_t>(ValueAt(field, i).value()));
    }
    return all;
  };
  EXPECT_EQ(numbers(Intrinsic::kNestedSetLeft), (std::vector<int64_t>{1, 2, 3, 6, 0, 0, 9}));
  EXPECT_EQ(numbers(Intrinsic::kNestedSetRight), (std::vector<int64_t>{8, 5, 4, 7, 0, 0, 10}));
  EXPECT_EQ(numbers(Intrinsic::kNestedSetParent), (std::vector<int64_t>{-1, 1, 2, 1, 0, 0, -1}));
  EXPECT_EQ(numbers(Intrinsic::kChildCount), (std::vector<int64_t>{2, 1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(trace_->parent(4), kOrphan);
  EXPECT_EQ(trace_->parent(5), 5);
  EXPECT_EQ(ValueAt(Intrinsic::kRootName, 4), OptionalValue("root"));
}

TEST_F(TraceRowsTest, ReadsFieldsOfTheParent) {
  Load({{.span = 1, .service = "web", .start = 10, .duration = 90, .attributes = {{"a", true}}},
        {.span = 2, .parent = 1, .service = "db", .start = 20, .duration = 100}});
  EXPECT_EQ(ValueAt(FieldRef::OfParent(Intrinsic::kServiceName), 1), OptionalValue("web"));
  EXPECT_EQ(ValueAt(FieldRef::OfParent(AttributeField{AttributeScope::kSpan, "a"}), 1),
            OptionalValue(true));
  EXPECT_EQ(ValueAt(FieldRef::OfParent(Intrinsic::kServiceName), 0), std::nullopt);
  EXPECT_EQ(ValueAt(Intrinsic::kTraceDuration, 0), OptionalValue(int64_t{110}));
}

// What a predicate says of an expression holds on random data.
TEST_F(TraceRowsTest, NarrowsToPredicatesThatLeaveNothingOut) {
  std::mt19937_64 random(7);
  size_t exact = 0;
  for (int i = 0; i < 2000; ++i) {
    if (i % 20 == 0) Load(conformance::RandomSpans(random, 1, 10, 1000, 100));
    const Expression expression = conformance::RandomExpression(random, 3);
    const auto evaluator = Evaluator::Make(expression);
    ASSERT_TRUE(evaluator.ok()) << expression.ToString();
    const Narrowed narrowed = Narrow(expression);
    exact += narrowed.exact ? 1 : 0;
    const auto predicate = Evaluator::Make(narrowed.where);
    ASSERT_TRUE(predicate.ok()) << expression.ToString();
    for (size_t span = 0; span < trace_->size(); ++span) {
      const bool matches = (*evaluator)->Matches(TraceFields::Row(*trace_, span));
      const bool may_match = (*predicate)->Matches(trace_->span(span));
      EXPECT_TRUE(may_match || !matches) << expression.ToString();
      EXPECT_TRUE(may_match == matches || !narrowed.exact) << expression.ToString();
    }
  }
  EXPECT_GT(exact, 100U);
}

TEST(ValueHistogramTest, CountsNumbersOfBothSigns) {
  ValueHistogram histogram;
  for (int i = 1; i <= 100; ++i) histogram.Add(i / 1000.0);
  EXPECT_NEAR(histogram.Quantile(0.5), 0.05, 0.001);
  histogram.Add(-8, 200);
  histogram.Add(0);
  histogram.Add(std::nan(""));
  EXPECT_EQ(histogram.count(), 301U);
  EXPECT_NEAR(histogram.Quantile(0.5), -8, 0.1);
  ValueHistogram twice = histogram;
  twice.Merge(histogram);
  EXPECT_EQ(twice.count(), 602U);
  EXPECT_EQ(twice.zero_count(), 2U);
}

}  // namespace
}  // namespace spandrel::storage
