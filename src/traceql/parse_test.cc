// SPDX-License-Identifier: Apache-2.0
#include "traceql/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "traceql/print.h"

namespace spandrel::traceql {
namespace {

// The canonical text of a query, or why it is none.
std::string Canonical(const std::string& text) {
  const auto query = Parse(text);
  return query.ok() ? ToText(*query) : query.status().message();
}

struct Case {
  std::string text;
  std::string wanted;
};

void ExpectCanonical(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    EXPECT_EQ(Canonical(one.text), one.wanted) << one.text;
    EXPECT_EQ(Canonical(one.wanted), one.wanted) << one.text;
  }
}

void ExpectErrors(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    const auto query = Parse(one.text);
    ASSERT_FALSE(query.ok()) << one.text;
    EXPECT_EQ(query.status().message(), one.wanted) << one.text;
  }
}

TEST(Parse, ReadsConstantsOfEveryKind) {
  ExpectCanonical({
      {"{}", "{ true }"},
      {"{ .a=1 }", "{ .a = 1 }"},
      {"{ .a = 010 }", "{ .a = 10 }"},
      {"{ .a = -3 }", "{ .a = -3 }"},
      {"{ .a = 1e3 }", "{ .a = 1000.0 }"},
      {"{ .a = .5 }", "{ .a = 0.5 }"},
      {"{ .a = minInt || .a = maxInt }", "{ .a = minInt || .a = 9223372036854775807 }"},
      {"{ duration > 1h30m }", "{ duration > 1h30m }"},
      {"{ duration > 1d }", "{ duration > 24h }"},
      {"{ duration > 1.5s && duration < 10us }", "{ duration > 1.5s && duration < 10us }"},
      {"{ duration > -2ms }", "{ duration > -2ms }"},
      {R"({ .a = "x\n\"\u00e9" })", "{ .a = \"x\\x0a\\\"\xC3\xA9\" }"},
      {"{ .a = `x\\n` }", R"({ .a = "x\\n" })"},
      {"{ status = error && kind != server }", "{ status = error && kind != server }"},
  });
}

TEST(Parse, ReadsNamesOfEveryScope) {
  ExpectCanonical({
      {"{ .a-b = 1 }", "{ .a-b = 1 }"},
      {"{ .a*2 }", "{ .a*2 }"},
      {"{ span.x && resource.y && event.z && link.l && instrumentation.i }",
       "{ span.x && resource.y && event.z && link.l && instrumentation.i }"},
      {"{ parent.a || parent.span.b || parent.resource.c }",
       "{ parent.a || parent.span.b || parent.resource.c }"},
      {R"({ span."a b".c = 1 })", R"({ span."a b.c" = 1 })"},
      {R"({ ."a\"\\" = 1 })", R"({ ."a\"\\" = 1 })"},
      {R"({ ."5" = 1 })", R"({ ."5" = 1 })"},
      {R"({ parent."span.x" = 1 })", R"({ parent."span.x" = 1 })"},
      {"{ span:name = `x` && trace:rootService = `y` }",
       R"({ name = "x" && rootServiceName = "y" })"},
      {"{ span:childCount > 2 && event:timeSinceStart > 1s && nestedSetParent < 0 }",
       "{ span:childCount > 2 && event:timeSinceStart > 1s && nestedSetParent < 0 }"},
      {"{ .a = 1 // the rest is a comment\n && /* so is this */ .b = 2 }", "{ .a = 1 && .b = 2 }"},
  });
}

TEST(Parse, BindsOperatorsAsTempoDoes) {
  ExpectCanonical({
      {"{ .a || .b && .c }", "{ (.a || .b) && .c }"},
      {"{ .a && .b && .c }", "{ .a && .b && .c }"},
      {"{ .a > .b = .c }", "{ (.a > .b) = .c }"},
      {"{ -.a ^ 2 = 4 }", "{ (-(.a ^ 2)) = 4 }"},
      {"{ 2 ^ 3 ^ 2 = 512 }", "{ (2 ^ (3 ^ 2)) = 512 }"},
      {"{ !.a = .b }", "{ (!.a) = .b }"},
      {"{ 1 + 2 * 3 = 7 }", "{ (1 + (2 * 3)) = 7 }"},
      {"{ 2 * -3 + 4 = 1 }", "{ ((2 * (-3)) + 4) = 1 }"},
      {"{ !(.a && .b) }", "{ !(.a && .b) }"},
      {"{ .a = nil || nil != .b }", "{ .a = nil || .b != nil }"},
      {"{ nil = nil }", "{ false }"},
      {"{ .a } && { .b } >> { .c }", "{ .a } && ({ .b } >> { .c })"},
      {"{ .a } || { .b } && { .c }", "({ .a } || { .b }) && { .c }"},
      {"{ .a }!>>{ .b }&~{ .c }", "({ .a } !>> { .b }) &~ { .c }"},
  });
}

TEST(Parse, ReadsPipelines) {
  ExpectCanonical({
      {"{}|count()>1", "{ true } | count() > 1"},
      {"by(.a) | { .b } | coalesce() | select(.c, duration)",
       "by(.a) | { .b } | coalesce() | select(.c, duration)"},
      {"max(duration) > 3s | { status = error }", "max(duration) > 3s | { status = error }"},
      {"min(.a) + max(.b) * 2 > 1", "(min(.a) + (max(.b) * 2)) > 1"},
      {"avg(.a) > 1 - 3", "avg(.a) > -2"},
      {"({.a} | count() > 1 | {.b}) >> ({.c})", "({ .a } | count() > 1 | { .b }) >> { .c }"},
      {"{} with(most_recent=true, sample=0.1)", "{ true } with(most_recent=true, sample=0.1)"},
  });
}

TEST(Parse, ReadsMetrics) {
  ExpectCanonical({
      {"{}|rate()", "{ true } | rate()"},
      {"{}|rate()by(name,.a)|topk(5)>1/2|bottomk(3)",
       "{ true } | rate() by(name, .a) | topk(5) > 0 | bottomk(3)"},
      {"{} | quantile_over_time(duration, 0, 0.9, 1) by (span.x)",
       "{ true } | quantile_over_time(duration, 0.0, 0.9, 1.0) by(span.x)"},
      {"{} | compare({status=error}, 5, 1, 2)", "{ true } | compare({ status = error }, 5, 1, 2)"},
      {"({}|rate()) + ({}|rate()) | topk(5) > 10",
       "({ true } | rate()) + ({ true } | rate()) | topk(5) > 10"},
      {"-2 - 20 / ({}|rate() > 6)", "-2.0 - (20.0 / ({ true } | rate() > 6))"},
      {"({}|max_over_time(duration)) > 10s", "{ true } | max_over_time(duration) > 10s"},
  });
}

TEST(Parse, SaysWhatWasExpectedWhereAndWhatWasMeant) {
  ExpectErrors({
      {"", "1:1: expected a spanset like { ... }, not the end of the query"},
      {"{ .a = }",
       "1:8: expected a value, an attribute like .name or span.name, or an intrinsic like "
       "duration, not '}'"},
      {"{ .a = 1", "1:9: expected an operator or '}', not the end of the query"},
      {"{ .a == 1 }", "1:6: '==' is not an operator; did you mean '='?"},
      {"{ .a =\n  durtion }",
       "2:3: expected a value, an attribute like .name or span.name, or an intrinsic like "
       "duration, not 'durtion'; did you mean 'duration'?"},
      {"{} | cuont() > 1",
       "1:6: expected a spanset, a comparison of an aggregate, by(), coalesce(), select() or a "
       "metrics function, not 'cuont'; did you mean 'count'?"},
      {"{ span. }", "1:8: expected the name of an attribute"},
      {"{ .a = 'x' }", "1:8: texts stand in double quotes or backquotes, not in single quotes"},
      {"{ .a = \"x }", "1:8: the text does not end"},
      {"{ .a = 1 } extra", "1:12: expected an operator, '|' or the end of the query, not 'extra'"},
      {"{} | count()", "1:13: expected a comparison: = != < <= > >=, not the end of the query"},
      {"coalesce() | {}", "1:1: a pipeline cannot begin with coalesce()"},
      {"{} | rate() | topk(0)", "1:20: topk and bottomk want a number of series above 0"},
  });
}

TEST(Parse, RefusesTypesThatDoNotGoTogether) {
  ExpectErrors({
      {"{ status }", "1:3: a filter must be a condition, not status"},
      {"{ 1 + 1 }", "1:5: a filter must be a condition, not int"},
      {"{ status > ok }", "1:10: '>' does not go with status and status"},
      {"{ duration = \"x\" }", "1:12: '=' does not go with duration and text"},
      {"{ .a =~ .b }", "1:9: a regular expression must be a text"},
      {"{ -name = `x` }", "1:3: '-' does not go with text"},
      {"{ true || 1.1 }", "1:11: expected a condition, not float"},
      {"{ name = nil }", "1:3: name is never nil"},
      {"{ resource.service.name = nil }", "1:3: resource.service.name is never nil"},
      {"{} | by(1)", "1:9: by() must look at the span"},
      {"sum(3) = 2", "1:1: an aggregate must look at the span"},
      {"{} | max(name) > 1", "1:10: an aggregate is of numbers, not of text"},
      {"{} | compare({}) | topk(10)", "1:6: nothing can be done with what compare() gives"},
  });
}

TEST(Parse, RefusesWhatDoesNotStandSo) {
  for (const char* text : {"true",
                           "( true )",
                           "{ . }",
                           "{ < }",
                           "{ (.a < 3 }",
                           "{ true } + { true }",
                           "{ true } = { true }",
                           "{ true } <= { true }",
                           "{} > 10",
                           "avg(.a) + 1",
                           "select()",
                           "select(1 + .a)",
                           "count() > 3 && { true }",
                           "{} | count = 1",
                           "{} | max() = 1",
                           "{} | by()",
                           "2 * 3",
                           "3 = 2",
                           "{ .a } | 3 > 2",
                           "5 + {} | rate()",
                           "{} | rate() + 5",
                           "({}|rate()) % 10",
                           "({}|rate()) * 10s",
                           "({}|rate()) > (10s * 2)",
                           "({}) + ({})",
                           "({}|rate()) >> ({}|rate())",
                           "{ trace:kind = server }",
                           "{ span:rootName = `a` }",
                           "{} | topk(10)",
                           "{} | rate() | topk(-1)",
                           "{ 1 =~ 2 }",
                           "{ parent }",
                           "{ parent = 1 }",
                           "({}|rate()) * 100000000000000000000000000000",
                           "2 < ({} | count())",
                           "{ 0x10 = 1 }",
                           "{ .a = 5q }",
                           "{ .a /* }",
                           "({} | count()) && ({} | count())"}) {
    EXPECT_FALSE(Parse(text).ok()) << text;
  }
}

// Of whatever size and depth: an answer or an error, at once.
TEST(Parse, BoundsWhatIsLargeAndDeep) {
  std::string wide = "{ .a = 1";
  for (int i = 0; i < 1000; ++i) wide += " || .a = " + std::to_string(i);
  EXPECT_TRUE(Parse(wide + " }").ok());
  for (const char* open : {"(", "{ (", "{ !", "{ -", "{ 1 ^ ", "{ 1 + ", "{} >> ("}) {
    std::string deep;
    for (int i = 0; i < 10'000; ++i) deep += i == 0 ? open : open + (open[0] == '{' ? 2 : 0);
    EXPECT_FALSE(Parse(deep).ok()) << open;
  }
  std::string sum = "{ 1";
  std::string chain = "{}";
  for (int i = 0; i < 10'000; ++i) {
    sum += " + 1";
    chain += " >> {}";
  }
  EXPECT_FALSE(Parse(sum + " = 1 }").ok());
  EXPECT_FALSE(Parse(chain).ok());
  std::string stages = "{}";
  for (int i = 0; i < 3'999; ++i) stages += "|by(name)";
  EXPECT_TRUE(Parse(stages).ok());
  EXPECT_THAT(Parse(stages + "|by(name)").status().message(),
              testing::EndsWith("the query has more than 20000 words and signs"));
  EXPECT_EQ(Parse(std::string(200'000, ' ')).status().message(),
            "the query is longer than 128 KiB");
}

}  // namespace
}  // namespace spandrel::traceql
