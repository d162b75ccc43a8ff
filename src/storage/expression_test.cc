// SPDX-License-Identifier: Apache-2.0
#include "storage/expression.h"

#include <gtest/gtest.h>

#include "storage/evaluate.h"
#include "storage/query_context.h"
#include "storage/regexes.h"

namespace spandrel::storage {
namespace {

Expression Name() {
  return Expression::Of(Intrinsic::kName);
}

Expression Matches(const std::string& pattern) {
  return Expression::Compare(CompareOp::kMatches, Name(), Expression::Constant(pattern));
}

TEST(ExpressionTest, PrintsWhatItAsks) {
  const Expression sum = Expression::Arithmetic(
      ArithmeticOp::kAdd, Expression::Of(FieldRef(AttributeField{AttributeScope::kUnscoped, "a"})),
      Expression::Negate(Expression::Of(FieldRef::OfParent(Intrinsic::kDuration))));
  const Expression expression = Expression::Or(
      {Expression::Compare(CompareOp::kGreater, sum, Expression::Constant(int64_t{5})),
       Expression::Not(Expression::Exists(AttributeField{AttributeScope::kEvent, "b"})),
       Expression::Compare(CompareOp::kEqual, Name(), Expression::Constant("x\"y"))});
  EXPECT_EQ(expression.ToString(),
            "(((.a + -parent.duration) > 5) || !exists(event.b) || (name = \"x\\\"y\"))");
  EXPECT_EQ(Expression().ToString(), "true");
  EXPECT_EQ(Expression::Constant(std::nullopt).ToString(), "nil");
}

TEST(ExpressionTest, IsMadeOfAPredicate) {
  const Predicate is_a = Predicate::Compare(Intrinsic::kName, CompareOp::kEqual, std::string("a"));
  const Predicate predicate =
      Predicate::And({is_a, Predicate::Not(Predicate::Exists(Intrinsic::kEventName)),
                      Predicate::Or({is_a, Predicate::All()})});
  EXPECT_EQ(Expression(predicate).ToString(),
            "((name = \"a\") && !exists(event:name) && ((name = \"a\") || true))");
  EXPECT_TRUE(Expression(Predicate::All()).is_all());
}

TEST(ExpressionTest, KnowsTheChildrenOfANode) {
  const Expression expression = Expression::And({Matches("a"), Expression::Not(Name()), Name()});
  const std::vector<size_t> children = expression.ChildrenOf(expression.nodes().size() - 1);
  ASSERT_EQ(children.size(), 3U);
  EXPECT_EQ(expression.nodes()[children[0]].kind, Expression::Kind::kCompare);
  EXPECT_EQ(expression.nodes()[children[1]].kind, Expression::Kind::kNot);
  EXPECT_EQ(expression.nodes()[children[2]].kind, Expression::Kind::kField);
}

TEST(ExpressionTest, IsBoundedInDepthAndSize) {
  Expression deep = Name();
  for (int i = 1; i < kMaxExpressionDepth; ++i) deep = Expression::Not(std::move(deep));
  EXPECT_TRUE(ValidateExpression(deep).ok());
  EXPECT_FALSE(ValidateExpression(Expression::Not(deep)).ok());

  std::vector<Expression> many(kMaxExpressionNodes - 1, Name());
  EXPECT_TRUE(ValidateExpression(Expression::Or(many)).ok());
  many.push_back(Name());
  EXPECT_FALSE(ValidateExpression(Expression::Or(many)).ok());
}

TEST(ExpressionTest, RefusesOperatorsThatDoNotFitTheirConstants) {
  const auto compare = [](CompareOp op, OptionalValue value) {
    return ValidateExpression(
               Expression::Compare(op, Name(), Expression::Constant(std::move(value))))
        .ok();
  };
  EXPECT_FALSE(compare(CompareOp::kMatches, int64_t{1}));
  EXPECT_FALSE(compare(CompareOp::kMatches, "("));
  EXPECT_FALSE(compare(CompareOp::kTextEqual, 1.5));
  EXPECT_FALSE(compare(CompareOp::kLess, true));
  EXPECT_TRUE(compare(CompareOp::kLess, "a"));
  EXPECT_TRUE(compare(CompareOp::kEqual, std::nullopt));
  EXPECT_FALSE(ValidateExpression(Expression::Compare(CompareOp::kMatches, Name(), Name())).ok());
  EXPECT_FALSE(ValidateExpression(
                   Expression::Arithmetic(ArithmeticOp::kAdd, Name(), Expression::Constant("a")))
                   .ok());
}

TEST(ExpressionTest, SaysWhetherItNeedsTheTrace) {
  EXPECT_FALSE(NeedsTrace(Matches("a")));
  EXPECT_TRUE(NeedsTrace(Expression::Not(
      Expression::Exists(FieldRef::OfParent(AttributeField{AttributeScope::kSpan, "a"})))));
  EXPECT_TRUE(NeedsTrace(Expression::Of(Intrinsic::kTraceDuration)));
}

TEST(ExpressionTest, ConditionsOnOneEventDoNotHoldOneAnother) {
  const Expression of_event = Expression::SomeEvent(Matches("a"));
  EXPECT_EQ(of_event.ToString(), "some_event(name =~ \"a\")");
  EXPECT_TRUE(ValidateExpression(Expression::Or({of_event, Expression::SomeLink({})})).ok());
  EXPECT_FALSE(ValidateExpression(Expression::SomeLink(Expression::Not(of_event))).ok());
}

TEST(RegexesTest, CompilesEachPatternOnce) {
  const auto regexes =
      Regexes::Compile(Expression::Or({Matches("a+"), Matches("b"), Matches("a+")}).Patterns());
  ASSERT_TRUE(regexes.ok());
  EXPECT_NE((*regexes)->Find("a+"), nullptr);
  EXPECT_EQ((*regexes)->Find("c"), nullptr);
}

TEST(RegexesTest, AreCountedAndTheirMemoryIsReserved) {
  base::ByteBudget budget(2 * kMaxRegexBytes);
  const QueryContext context({.memory = &budget});
  const uint64_t before = Regexes::CompiledSoFar();
  const Expression two = Expression::Or({Matches("a+"), Matches("b"), Matches("a+")});
  {
    const auto evaluator = Evaluator::Make(context, two);
    ASSERT_TRUE(evaluator.ok());
    EXPECT_EQ(budget.used(), 2 * kMaxRegexBytes);
    EXPECT_EQ(Regexes::CompiledSoFar() - before, 2U);
    const auto part = Evaluator::OfPart(Matches("b"), (*evaluator)->regexes());
    EXPECT_EQ(Regexes::CompiledSoFar() - before, 2U);
    EXPECT_EQ(Evaluator::Make(context, Matches("c")).status().code(),
              base::StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(budget.used(), 0U);
  EXPECT_EQ(Regexes::CompiledSoFar() - before, 2U) << "nothing is compiled without room for it";
}

TEST(RegexesTest, AreSmallerWhereThereIsLittleMemory) {
  base::ByteBudget budget(kMaxRegexBytes / 2);
  const QueryContext context({.memory = &budget});
  const auto regexes = Regexes::Compile(context, Matches("a+").Patterns());
  ASSERT_TRUE(regexes.ok());
  EXPECT_EQ(budget.used(), kMaxRegexBytes / 2);
  EXPECT_EQ(Regexes::Compile(context, Matches("b").Patterns()).status().code(),
            base::StatusCode::kResourceExhausted);
}

TEST(RegexesTest, AreNotCompiledForNobody) {
  const QueryContext context;
  context.Cancel();
  EXPECT_EQ(Regexes::Compile(context, Matches("a+").Patterns()).status().code(),
            base::StatusCode::kCancelled);
}

TEST(RegexesTest, SeveralExpressionsShareThem) {
  base::ByteBudget budget(3 * kMaxRegexBytes);
  const QueryContext context({.memory = &budget});
  const auto evaluators = Evaluator::MakeAll(
      context, {Expression::Or({Matches("a+"), Matches("b")}), Matches("b"), Matches("c")});
  ASSERT_TRUE(evaluators.ok());
  ASSERT_EQ(evaluators->size(), 3U);
  EXPECT_EQ((*evaluators)[0]->regexes(), (*evaluators)[2]->regexes());
  EXPECT_EQ(budget.used(), 3 * kMaxRegexBytes);
  EXPECT_EQ(Evaluator::MakeAll(context, {Expression(), Matches("(")}).status().code(),
            base::StatusCode::kResourceExhausted);
  EXPECT_EQ(Evaluator::MakeAll({}, {Expression(), Matches("(")}).status().code(),
            base::StatusCode::kInvalidArgument);
}

TEST(RegexesTest, RefusesWhatTakesTooMuchMemory) {
  EXPECT_TRUE(Regexes::Compile(Matches("\\d+\\.\\d+\\s(GET|POST) /[a-z]{1,20}").Patterns()).ok());
  EXPECT_FALSE(Regexes::Compile(Matches("\\pL{400}").Patterns()).ok());
  // Of many that fit by themselves, each gets its share.
  std::vector<Expression> many;
  for (int i = 0; i < 500; ++i) many.push_back(Matches("\\pL{30}" + std::to_string(i)));
  EXPECT_TRUE(Regexes::Compile(many[0].Patterns()).ok());
  EXPECT_FALSE(Regexes::Compile(Expression::Or(many).Patterns()).ok());
}

}  // namespace
}  // namespace spandrel::storage
