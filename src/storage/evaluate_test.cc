// SPDX-License-Identifier: Apache-2.0
#include "storage/evaluate.h"

#include <gtest/gtest.h>

#include "conformance/test_spans.h"

namespace spandrel::storage {
namespace {

using conformance::TestSpan;

bool Matches(const Predicate& predicate, const TestSpan& test_span) {
  const auto evaluator = Evaluator::Make(predicate);
  EXPECT_TRUE(evaluator.ok()) << evaluator.status().ToString();
  const span::SpanBatch batch = conformance::MakeBatch({test_span});
  return (*evaluator)->Matches(span::SpanRef(*batch.chunks()[0], 0));
}

Predicate Attribute(const std::string& key, CompareOp op, Value value,
                    AttributeScope scope = AttributeScope::kSpan) {
  return Predicate::Compare(AttributeField{scope, key}, op, std::move(value));
}

TEST(EvaluatorTest, ComparesIntsAndDoublesAsNumbers) {
  const TestSpan span = {.attributes = {{"int", int64_t{5}}, {"double", 5.5}}};
  EXPECT_TRUE(Matches(Attribute("int", CompareOp::kEqual, 5.0), span));
  EXPECT_TRUE(Matches(Attribute("int", CompareOp::kLess, 5.5), span));
  EXPECT_TRUE(Matches(Attribute("double", CompareOp::kGreater, int64_t{5}), span));
  EXPECT_FALSE(Matches(Attribute("double", CompareOp::kLessOrEqual, int64_t{5}), span));
}

TEST(EvaluatorTest, ComparesLargeIntsWithDoublesExactly) {
  const TestSpan span = {.attributes = {{"k", (int64_t{1} << 53) + 1}}};
  EXPECT_FALSE(Matches(Attribute("k", CompareOp::kEqual, 0x1p53), span));
  EXPECT_TRUE(Matches(Attribute("k", CompareOp::kGreater, 0x1p53), span));
  EXPECT_TRUE(Matches(Attribute("k", CompareOp::kLess, 1e300), span));
}

TEST(EvaluatorTest, ConvertsNothingBetweenTypes) {
  const TestSpan span = {.attributes = {{"text", std::string("5")}, {"flag", true}}};
  EXPECT_FALSE(Matches(Attribute("text", CompareOp::kEqual, int64_t{5}), span));
  EXPECT_FALSE(Matches(Attribute("text", CompareOp::kNotEqual, int64_t{5}), span));
  EXPECT_FALSE(Matches(Attribute("flag", CompareOp::kEqual, int64_t{1}), span));
  EXPECT_TRUE(Matches(Attribute("flag", CompareOp::kEqual, true), span));
}

TEST(EvaluatorTest, TextEqualityComparesTheWrittenForm) {
  const TestSpan span = {.status = span::SpanStatus::kError,
                         .attributes = {{"int", int64_t{123}}, {"double", 72.5}, {"flag", true}}};
  EXPECT_TRUE(Matches(Attribute("int", CompareOp::kTextEqual, std::string("123")), span));
  EXPECT_TRUE(Matches(Attribute("double", CompareOp::kTextEqual, std::string("72.5")), span));
  EXPECT_TRUE(Matches(Attribute("flag", CompareOp::kTextEqual, std::string("true")), span));
  EXPECT_TRUE(Matches(
      Predicate::Compare(Intrinsic::kStatus, CompareOp::kTextEqual, std::string("ERROR")), span));
}

TEST(EvaluatorTest, AnAbsentFieldFailsEveryComparisonButNotItsNegation) {
  const auto not_equal = Attribute("absent", CompareOp::kNotEqual, int64_t{1});
  EXPECT_FALSE(Matches(not_equal, {}));
  EXPECT_TRUE(Matches(Predicate::Not(not_equal), {}));
}

TEST(EvaluatorTest, TheLastOfARepeatedKeyCounts) {
  const TestSpan span = {.attributes = {{"k", int64_t{1}}, {"k", int64_t{2}}}};
  EXPECT_FALSE(Matches(Attribute("k", CompareOp::kEqual, int64_t{1}), span));
  EXPECT_TRUE(Matches(Attribute("k", CompareOp::kEqual, int64_t{2}), span));
}

TEST(EvaluatorTest, AnyScopeLooksEverywhere) {
  const auto any = [](const std::string& key) {
    return Attribute(key, CompareOp::kTextEqual, std::string("v"), AttributeScope::kAny);
  };
  const TestSpan span = {.attributes = {{"span", std::string("v")}},
                         .resource_attributes = {{"resource", std::string("v")}},
                         .scope_attributes = {{"scope", std::string("v")}},
                         .events = {{1, "e", {{"event", std::string("v")}}}},
                         .links = {{1, 1, {{"link", std::string("v")}}}}};
  for (const char* key : {"span", "resource", "scope", "event", "link"}) {
    EXPECT_TRUE(Matches(any(key), span)) << key;
  }
  EXPECT_FALSE(Matches(any("other"), span));
}

TEST(EvaluatorTest, MatchesRegularExpressionsAnywhereInAString) {
  const TestSpan span = {.name = "GET /users/42"};
  const auto name = [](CompareOp op, const char* pattern) {
    return Predicate::Compare(Intrinsic::kName, op, std::string(pattern));
  };
  EXPECT_TRUE(Matches(name(CompareOp::kMatches, "/users/\\d+$"), span));
  EXPECT_FALSE(Matches(name(CompareOp::kDoesNotMatch, "users"), span));
}

TEST(EvaluatorTest, CombinesConditions) {
  const TestSpan span = {.attributes = {{"a", int64_t{1}}}};
  const auto yes = Attribute("a", CompareOp::kEqual, int64_t{1});
  const auto no = Attribute("a", CompareOp::kEqual, int64_t{2});
  EXPECT_TRUE(Matches(Predicate::Or({no, Predicate::And({yes, Predicate::Not(no)})}), span));
  EXPECT_FALSE(Matches(Predicate::And({yes, no}), span));
  EXPECT_TRUE(Matches(Predicate::And({}), span));
  EXPECT_FALSE(Matches(Predicate::Or({}), span));
}

TEST(EvaluatorTest, RefusesTreesBeyondTheLimits) {
  Predicate deep;
  for (int i = 0; i < kMaxPredicateDepth; ++i) deep = Predicate::Not(std::move(deep));
  EXPECT_FALSE(ValidatePredicate(deep).ok());
  EXPECT_FALSE(ValidatePredicate(Predicate::Or(std::vector<Predicate>(kMaxPredicateNodes))).ok());
  EXPECT_FALSE(ValidatePredicate(Attribute("k", CompareOp::kMatches, std::string("["))).ok());
  EXPECT_FALSE(ValidatePredicate(Attribute("k", CompareOp::kLess, true)).ok());
}

}  // namespace
}  // namespace spandrel::storage
