// SPDX-License-Identifier: Apache-2.0
#include "config/document.h"

#include <gtest/gtest.h>

#include <cmath>

namespace spandrel::config {
namespace {

std::string ProblemsOf(const std::string& yaml) {
  Problems problems;
  const auto document = ParseYaml(yaml, "c.yaml", &problems);
  EXPECT_NE(document.ok(), problems.has_errors());
  return problems.ToString();
}

Node Parse(const std::string& yaml) {
  Problems problems;
  auto document = ParseYaml(yaml, "c.yaml", &problems);
  EXPECT_EQ(problems.ToString(), "");
  return document.ok() ? std::move(document->root) : Node();
}

TEST(PlainScalar, HasTheTypesOfGoYaml) {
  const auto integer = [](const char* text) {
    const Node node = PlainScalar(text, {});
    EXPECT_EQ(node.kind, NodeKind::kInt) << text;
    return node.integer;
  };
  EXPECT_EQ(integer("0"), 0);
  EXPECT_EQ(integer("-12"), -12);
  EXPECT_EQ(integer("+7"), 7);
  EXPECT_EQ(integer("100_000"), 100000);
  EXPECT_EQ(integer("0x1F"), 31);
  EXPECT_EQ(integer("0o17"), 15);
  EXPECT_EQ(integer("0123"), 83);
  EXPECT_EQ(integer("0b101"), 5);
  EXPECT_EQ(integer("-0b101"), -5);
  EXPECT_EQ(integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(integer("-9223372036854775808"), INT64_MIN);

  const auto number = [](const char* text) {
    const Node node = PlainScalar(text, {});
    EXPECT_EQ(node.kind, NodeKind::kFloat) << text;
    return node.number;
  };
  EXPECT_EQ(number("1.5"), 1.5);
  EXPECT_EQ(number(".5"), 0.5);
  EXPECT_EQ(number("-1e3"), -1000);
  EXPECT_EQ(number("1."), 1);
  EXPECT_EQ(number("08"), 8);
  EXPECT_EQ(number("18446744073709551615"), 18446744073709551615.0);
  EXPECT_EQ(number(".inf"), HUGE_VAL);
  EXPECT_TRUE(std::isnan(number(".nan")));

  for (const char* text : {"true", "True", "TRUE"}) EXPECT_TRUE(PlainScalar(text, {}).boolean);
  EXPECT_EQ(PlainScalar("false", {}).kind, NodeKind::kBool);
  for (const char* text : {"", "~", "null", "Null", "NULL"}) {
    EXPECT_EQ(PlainScalar(text, {}).kind, NodeKind::kNull) << text;
  }
  for (const char* text : {"yes", "no", "on", "tRUE", "1s", "0x", "1e", ".", "-", "+", "e3",
                           "1.2.3", "10.0.0.1:4317", "inf", "nan", "_1", "0xG", "- 1"}) {
    EXPECT_EQ(PlainScalar(text, {}).kind, NodeKind::kString) << text;
  }
}

TEST(ParseYaml, KeepsPlacesAndOrder) {
  const Node root = Parse("---\nb:\n  c: 1\na: [x, \"2\"]\nn:\n");
  ASSERT_EQ(root.entries.size(), 3u);
  EXPECT_EQ(root.entries[0].key, "b");
  EXPECT_EQ(root.entries[0].key_where.ToString(), "c.yaml:2:1");
  EXPECT_EQ(root.entries[0].value.entries[0].value.where.ToString(), "c.yaml:3:6");
  const Node& list = root.entries[1].value;
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.items[1].kind, NodeKind::kString);
  EXPECT_EQ(list.items[1].where.ToString(), "c.yaml:4:8");
  EXPECT_TRUE(root.entries[2].value.is_null());
  EXPECT_EQ(root.entries[2].value.where.ToString(), "c.yaml:5:1");
}

TEST(ParseYaml, EmptyIsNull) {
  EXPECT_TRUE(Parse("").is_null());
  EXPECT_TRUE(Parse("# nothing\n").is_null());
}

TEST(ParseYaml, StringTagMakesAString) {
  EXPECT_EQ(Parse("!!str 12").kind, NodeKind::kString);
  EXPECT_EQ(Parse("|\n  12\n").text, "12\n");
}

TEST(ParseYaml, FillsAnchorsAndMergeKeys) {
  const Node root = Parse(
      "base: &base {a: 1, b: 2}\n"
      "more: &more {c: 3, b: 9}\n"
      "x: {<<: *base, b: 5}\n"
      "y:\n  <<: [*base, *more]\n"
      "z: *base\n");
  const Node& x = root.Find("x")->value;
  ASSERT_EQ(x.entries.size(), 2u);
  EXPECT_EQ(x.Find("b")->value.integer, 5);
  EXPECT_EQ(x.Find("a")->value.integer, 1);
  const Node& y = root.Find("y")->value;
  EXPECT_EQ(y.Find("b")->value.integer, 2);
  EXPECT_EQ(y.Find("c")->value.integer, 3);
  EXPECT_EQ(root.Find("z")->value.entries.size(), 2u);
}

struct BadCase {
  std::string yaml;
  std::string problems;
};

class ParseYamlRefuses : public testing::TestWithParam<BadCase> {};

TEST_P(ParseYamlRefuses, WithPlaceAndReason) {
  EXPECT_EQ(ProblemsOf(GetParam().yaml), GetParam().problems);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParseYamlRefuses,
    testing::Values(
        BadCase{"a: 1\nb: 2\na: 3\nb: 4\n",
                "c.yaml:3:1: key 'a' is written twice, first in line 1\n"
                "c.yaml:4:1: key 'b' is written twice, first in line 2\n"},
        BadCase{"a:\n\tb: 1\n", "c.yaml:2:1: a tab cannot indent YAML; write spaces\n"},
        BadCase{"a:\n  \tb: 1\n", "c.yaml:2:3: a tab cannot indent YAML; write spaces\n"},
        BadCase{"a: [1\n", "c.yaml:3:1: end of sequence flow not found\n"},
        BadCase{"a: 'x\n", "c.yaml:3:2: a quoted string has no end\n"},
        BadCase{"a: *x\n", "c.yaml:1:4: the referenced anchor is not defined\n"},
        BadCase{"a: &x [*x]\n", "c.yaml:1:8: an anchor cannot contain itself\n"},
        BadCase{"[a, b]: 1\n", "c.yaml:1:1: a key must be a scalar\n"},
        BadCase{"a: {<<: 5}\n", "c.yaml:1:9: '<<' takes a mapping or a list of mappings\n"},
        BadCase{"a: 1\n  b: 2\n", "c.yaml:2:4: illegal map value\n"}));

TEST(ParseYaml, BoundsDepth) {
  EXPECT_EQ(ProblemsOf(std::string(100, '[') + std::string(100, ']')),
            "c.yaml:1:65: nested too deep\n");
  EXPECT_NE(ProblemsOf(std::string(100000, '[')), "");
}

TEST(ParseYaml, BoundsSize) {
  EXPECT_EQ(ProblemsOf(std::string(kMaxDocumentBytes + 1, ' ')),
            "c.yaml:1:1: the file is larger than 4 MiB\n");
}

TEST(ParseYaml, BoundsWhatAnchorsMakeOfIt) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 9; ++k) laughs += (k > 0 ? ", " : "") + before;
    laughs += "]\n";
  }
  EXPECT_NE(ProblemsOf(laughs).find("the document is too large"), std::string::npos);
}

TEST(ParseYaml, WarnsOfMoreDocuments) {
  EXPECT_EQ(ProblemsOf("a: 1\n---\nb: 2\n"),
            "c.yaml:1:1: warning: only the first YAML document is read\n");
}

}  // namespace
}  // namespace spandrel::config
