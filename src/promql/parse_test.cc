// SPDX-License-Identifier: Apache-2.0
#include "promql/parse.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "promql/lexer.h"
#include "promql/words.h"

namespace spandrel::promql {
namespace {

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

std::string TextOf(const LabelChoice& choice, std::string_view listed, std::string_view others) {
  if (!choice.listed && choice.labels.empty()) return "";
  return fmt::format(" {}({})", choice.listed ? listed : others, Joined(choice.labels));
}

std::string TextOf(const Selector& selector) {
  std::string text = "{";
  for (const Matcher& matcher : selector.matchers) {
    constexpr const char* kOps[] = {"=", "!=", "=~", "!~"};
    text +=
        fmt::format("{}{}'{}' ", matcher.label, kOps[static_cast<int>(matcher.op)], matcher.value);
  }
  if (text.size() > 1) text.pop_back();
  text += "}";
  if (selector.range_nano > 0) text += fmt::format("[{}ms]", selector.range_nano / 1'000'000);
  if (selector.offset_nano != 0) text += fmt::format("@{}ms", selector.offset_nano / 1'000'000);
  return text;
}

constexpr const char* kOperators[] = {
    "+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "unless", "or"};
constexpr const char* kAggregates[] = {"sum",   "avg",   "min",  "max",
                                       "count", "group", "topk", "bottomk"};

struct NodeText {
  std::string operator()(const Number& number) const { return fmt::format("{}", number.value); }
  std::string operator()(const Text& text) const { return "'" + text.value + "'"; }
  std::string operator()(const Selector& selector) const { return TextOf(selector); }
  std::string operator()(const Call& call) const { return std::string(InfoOf(call.function).name); }
  std::string operator()(const Aggregate& aggregate) const {
    return kAggregates[static_cast<int>(aggregate.op)] + TextOf(aggregate.kept, "by", "without");
  }
  std::string operator()(const Binary& binary) const {
    return kOperators[static_cast<int>(binary.op)] +
           std::string(binary.returns_bool ? " bool" : "") +
           TextOf(binary.matched, "on", "ignoring");
  }
  std::string operator()(const Negate& /*negate*/) const { return "neg"; }
};

// The nodes in the order in which they are computed; or the error.
std::string Read(std::string_view text) {
  const auto query = Parse(text);
  if (!query.ok()) return query.status().message();
  std::string line;
  for (const Node& node : query->nodes) {
    line += (line.empty() ? "" : "; ") + std::visit(NodeText(), node.what);
  }
  return line;
}

TEST(PromqlTest, ReadsSelectors) {
  EXPECT_EQ(Read("up"), "{__name__='up'}");
  EXPECT_EQ(Read(R"(a:b{x="1",y!='2', z=~`a"\d`,w!~"\x41\u00e9\n",})"),
            "{__name__='a:b' x='1' y!='2' z=~'a\"\\d' w!~'A\xC3\xA9\n'}");
  EXPECT_EQ(Read("{}"), "{}");
  EXPECT_EQ(Read("{__name__=~\"a.*\"}"), "{__name__=~'a.*'}");
  EXPECT_EQ(Read("a offset 1h30m # and more"), "{__name__='a'}@5400000ms");
  EXPECT_EQ(Read("rate(a[5m] offset -1w)"), "{__name__='a'}[300000ms]@-604800000ms; rate");
  EXPECT_EQ(Read("increase(a{b='c'}[90])"), "{__name__='a' b='c'}[90000ms]; increase");
}

TEST(PromqlTest, OperatorsBindAsInPrometheus) {
  EXPECT_EQ(Read("1+2*3"), "1; 2; 3; *; +");
  EXPECT_EQ(Read("1-2-3"), "1; 2; -; 3; -");
  EXPECT_EQ(Read("2^3^4"), "2; 3; 4; ^; ^");
  EXPECT_EQ(Read("-2^2*3"), "2; 2; ^; neg; 3; *");
  EXPECT_EQ(Read("2^-1"), "2; 1; neg; ^");
  EXPECT_EQ(Read("(1+2)*3"), "1; 2; +; 3; *");
  EXPECT_EQ(Read("a or b and c"), "{__name__='a'}; {__name__='b'}; {__name__='c'}; and; or");
  EXPECT_EQ(Read("a > 1 OR b unless c"),
            "{__name__='a'}; 1; >; {__name__='b'}; {__name__='c'}; unless; or");
  EXPECT_EQ(Read("1 == bool 2"), "1; 2; == bool");
  EXPECT_EQ(Read("a / on(x, y) b"), "{__name__='a'}; {__name__='b'}; / on(x,y)");
  EXPECT_EQ(Read("a * ignoring (x) b"), "{__name__='a'}; {__name__='b'}; * ignoring(x)");
  EXPECT_EQ(Read(".9 + 1e-3 + 0x10 + Inf + -NaN"), "0.9; 0.001; +; 16; +; inf; +; nan; neg; +");
}

TEST(PromqlTest, ReadsWhatGrafanaSends) {
  EXPECT_EQ(Read(R"(sum by (client, server) (rate(m{server="a"}[3600s])) OR )"
                 R"(sum by (client, server) (rate(m{server="b"}[3600s])))"),
            "{__name__='m' server='a'}[3600000ms]; rate; sum by(client,server); "
            "{__name__='m' server='b'}[3600000ms]; rate; sum by(client,server); or");
  EXPECT_EQ(Read("topk(5, sum(rate(m{span_kind=\"SPAN_KIND_SERVER\"}[1h])) by (span_name))"),
            "5; {__name__='m' span_kind='SPAN_KIND_SERVER'}[3600000ms]; rate; sum by(span_name); "
            "topk by()");
  EXPECT_EQ(Read("histogram_quantile(.9, sum(rate(b{}[1h])) by (le))"),
            "0.9; {__name__='b'}[3600000ms]; rate; sum by(le); histogram_quantile");
  EXPECT_EQ(Read("sum without() (a)"), "{__name__='a'}; sum");
  EXPECT_EQ(Read("1+1"), "1; 1; +");
  EXPECT_EQ(Read("time()"), "time");
}

TEST(PromqlTest, SaysWhereAndWhatIsWrong) {
  EXPECT_EQ(Read(""), "1:1: expected a metric, a number or a function, not the end of the query");
  EXPECT_EQ(Read("sum(rate(a[5m]"), "1:15: expected ')', not the end of the query");
  EXPECT_EQ(Read("a{b}"), "1:4: expected '=', '!=', '=~' or '!~', not '}'");
  EXPECT_EQ(Read("a{b=c}"), "1:5: expected a text in quotes, not 'c'");
  EXPECT_EQ(Read("a +\n* b"), "2:1: expected a metric, a number or a function, not '*'");
  EXPECT_EQ(Read("a b"), "1:3: expected an operator or the end, not 'b'");
  EXPECT_EQ(Read("a)"), "1:2: expected an operator or the end, not ')'");
  EXPECT_EQ(Read("(a,b)"), "1:3: expected ')', not ','");
  EXPECT_EQ(Read("a[5m]"), "1:1: a range stands in rate() or increase() only");
  EXPECT_EQ(Read("rate(a)"), "1:6: rate takes series with a range here, not instant series");
  EXPECT_EQ(Read("rate()"), "1:1: rate takes 1 arguments, not 0");
  EXPECT_EQ(Read("topk(a)"), "1:1: the aggregation takes 2 arguments, not 1");
  EXPECT_EQ(Read("sum by (x) (a) by (y)"),
            "1:16: expected one by() or without() at most, not 'by'");
  EXPECT_EQ(Read("1 > 2"), "1:3: comparisons of two numbers need 'bool'");
  EXPECT_EQ(Read("1 and a"), "1:3: a set operator does not go with a number");
  EXPECT_EQ(Read("'x' + 1"), "1:5: the operator does not go with a text");
  EXPECT_EQ(Read("a[5x]"), "1:3: '5x' is no number and no duration like 1h30m");
  EXPECT_EQ(Read("a[1m5h]"), "1:3: '1m5h' is no number and no duration like 1h30m");
  EXPECT_EQ(Read("a 'x"), "1:3: the text does not end");
  EXPECT_EQ(Read("a $ b"), "1:3: '$' has no meaning here");
  EXPECT_EQ(Read("5m"), "1:1: a duration stands in brackets or behind 'offset' only");
}

TEST(PromqlTest, SaysWhatIsNotAnswered) {
  for (const auto& [text, wanted] : {
           std::pair("irate(a[5m])", "1:1: 'irate' is not answered here; did you mean 'rate'?"),
           std::pair("a @ 5", "1:3: '@' is not answered here"),
           std::pair("rate(a[5m:1m])", "1:10: subqueries are not answered here"),
           std::pair("sum(a)[5m:]",
                     "1:7: subqueries are not answered here; a range belongs to a metric"),
           std::pair("a * on(x) group_left() b", "1:11: 'group_left' is not answered here"),
           std::pair("{\"a b\"}", "1:2: names in quotes are not answered here"),
           std::pair("quantile(0.5, a)",
                     "1:1: 'quantile' is not answered here; these are: sum avg min max count group "
                     "topk bottomk rate increase histogram_quantile histogram_count histogram_sum "
                     "histogram_avg vector scalar time sort sort_desc"),
       }) {
    const auto query = Parse(text);
    ASSERT_FALSE(query.ok()) << text;
    EXPECT_EQ(query.status().code(), base::StatusCode::kUnimplemented) << text;
    EXPECT_EQ(query.status().message(), wanted);
  }
}

TEST(PromqlTest, WhatIsLargeIsRefusedAndNothingRecurses) {
  EXPECT_EQ(Read(std::string(50'000, '(') + "1" + std::string(50'000, ')')),
            "1:1002: the query has more than 1000 parts");
  EXPECT_EQ(Read(std::string(50'000, '-') + "1"), "1:1002: the query has more than 1000 parts");
  std::string sum = "1";
  for (int i = 0; i < 2'000; ++i) sum += "+1";
  EXPECT_NE(Read(sum).find("more than 1000 parts"), std::string::npos);
  std::string selectors = "a";
  for (int i = 0; i < 40; ++i) selectors += " or a";
  EXPECT_NE(Read(selectors).find("more than 32 selectors"), std::string::npos);
  std::string labels = "sum by (a";
  for (int i = 0; i < 2'000; ++i) labels += ",a";
  EXPECT_NE(Read(labels + ") (m)").find("more than 1000 labels"), std::string::npos);
  EXPECT_EQ(Read(std::string(200'000, ' ')), "the query is longer than 128 KiB");
}

TEST(PromqlTest, ReadsSelectorsAlone) {
  EXPECT_TRUE(ParseSelector("{service=\"a\"}").ok());
  EXPECT_FALSE(ParseSelector("rate(a[5m])").ok());
  EXPECT_FALSE(ParseSelector("a offset 5m").ok());
  EXPECT_FALSE(ParseSelector("1").ok());
}

TEST(PromqlTest, ReadsDurations) {
  uint64_t duration = 0;
  EXPECT_TRUE(ParseDuration("1y2w3d4h5m6s7ms", &duration));
  EXPECT_EQ(duration, 33'019'506'007'000'000U);
  for (const char* wrong :
       {"", "5", "m", "5m5m", "1s1h", "1.5h", "101y", "99999999999999999999s"}) {
    EXPECT_FALSE(ParseDuration(wrong, &duration)) << wrong;
  }
}

}  // namespace
}  // namespace spandrel::promql
