// SPDX-License-Identifier: Apache-2.0
#include "config/decode.h"

#include <gtest/gtest.h>

#include "config/document.h"

namespace spandrel::config {
namespace {

using std::chrono::nanoseconds;

// What a component might have.
struct Example {
  std::string endpoint = "localhost:4317";
  Secret token;
  bool enabled = true;
  int64_t size = 7;
  double ratio = 0.5;
  nanoseconds timeout = std::chrono::seconds(5);
  std::vector<std::string> topics = {"a"};
  std::vector<std::pair<std::string, std::string>> headers;
  bool insecure = false;
  std::vector<std::string> rules;
};

Example DecodeExample(const std::string& yaml, std::string* problems_text) {
  Problems problems;
  Example example;
  auto document = ParseYaml(yaml, "c.yaml", &problems);
  if (document.ok()) {
    Decoder decoder(document->root, &problems, "exporters::x");
    decoder.Read("endpoint", &example.endpoint);
    decoder.Read("token", &example.token);
    decoder.Read("enabled", &example.enabled);
    decoder.Read("size", &example.size);
    decoder.Read("ratio", &example.ratio);
    decoder.Read("timeout", &example.timeout);
    decoder.Read("topics", &example.topics);
    decoder.Read("headers", &example.headers);
    Decoder tls = decoder.Child("tls");
    tls.Read("insecure", &example.insecure);
    for (Decoder& rule : decoder.Children("rules"))
      rule.Read("name", &example.rules.emplace_back());
    decoder.Ignore("legacy", "does nothing any more");
  }
  problems.SortByPlace();
  *problems_text = problems.ToString();
  return example;
}

TEST(Decoder, ReadsEveryType) {
  std::string problems;
  const Example example = DecodeExample(
      "endpoint: \"jaeger:14250\"\n"
      "token: abc\n"
      "enabled: false\n"
      "size: 65_536\n"
      "ratio: 2\n"
      "timeout: 1h2m3.5s\n"
      "topics: [x, y]\n"
      "headers: {X-Scope: '1'}\n"
      "tls:\n  insecure: true\n"
      "rules:\n  - name: one\n  - name: two\n",
      &problems);
  EXPECT_EQ(problems, "");
  EXPECT_EQ(example.endpoint, "jaeger:14250");
  EXPECT_EQ(example.token.value, "abc");
  EXPECT_FALSE(example.enabled);
  EXPECT_EQ(example.size, 65536);
  EXPECT_EQ(example.ratio, 2.0);
  EXPECT_EQ(example.timeout, std::chrono::milliseconds(3723500));
  EXPECT_EQ(example.topics, (std::vector<std::string>{"x", "y"}));
  ASSERT_EQ(example.headers.size(), 1u);
  EXPECT_EQ(example.headers[0], std::pair(std::string("X-Scope"), std::string("1")));
  EXPECT_TRUE(example.insecure);
  EXPECT_EQ(example.rules, (std::vector<std::string>{"one", "two"}));
}

TEST(Decoder, NullAndAbsentKeepDefaults) {
  std::string problems;
  const Example example = DecodeExample("endpoint:\nsize: ~\ntls:\ntopics: null\n", &problems);
  EXPECT_EQ(problems, "");
  EXPECT_EQ(example.endpoint, "localhost:4317");
  EXPECT_EQ(example.size, 7);
  EXPECT_EQ(example.topics, (std::vector<std::string>{"a"}));
}

TEST(Decoder, CommaStringIsAList) {
  std::string problems;
  EXPECT_EQ(DecodeExample("topics: a, b,c", &problems).topics,
            (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(DecodeExample("topics: []", &problems).topics, std::vector<std::string>{});
  EXPECT_EQ(problems, "");
}

TEST(Decoder, HeadersMayBeAList) {
  std::string problems;
  const Example example = DecodeExample("headers: [{name: a, value: b}]", &problems);
  EXPECT_EQ(problems, "");
  ASSERT_EQ(example.headers.size(), 1u);
  EXPECT_EQ(example.headers[0].second, "b");
}

struct BadCase {
  const char* yaml;
  const char* problems;
};

class DecoderRefuses : public testing::TestWithParam<BadCase> {};

TEST_P(DecoderRefuses, WithPlaceAndReason) {
  std::string problems;
  DecodeExample(GetParam().yaml, &problems);
  EXPECT_EQ(problems, GetParam().problems);
}

INSTANTIATE_TEST_SUITE_P(
    Table, DecoderRefuses,
    testing::Values(
        BadCase{"endpont: a:1\n",
                "c.yaml:1:1: exporters::x: unknown key 'endpont'; did you mean 'endpoint'?\n"},
        BadCase{"Endpoint: a:1\n",
                "c.yaml:1:1: exporters::x: unknown key 'Endpoint'; did you mean 'endpoint'?\n"},
        BadCase{"tls: {zzzzzz: 1}\n",
                "c.yaml:1:7: exporters::x::tls: unknown key 'zzzzzz'; known here: insecure\n"},
        BadCase{"enabled: \"true\"\n",
                "c.yaml:1:10: exporters::x::enabled: expected true or false, found the string "
                "'true'; remove the quotes\n"},
        BadCase{"enabled: yes\n",
                "c.yaml:1:10: exporters::x::enabled: expected true or false, found the string "
                "'yes'\n"},
        BadCase{
            "size: ten\n",
            "c.yaml:1:7: exporters::x::size: expected a whole number, found the string 'ten'\n"},
        BadCase{"size: 1.5\n",
                "c.yaml:1:7: exporters::x::size: expected a whole number, found the number 1.5\n"},
        BadCase{"size: '10'\n",
                "c.yaml:1:7: exporters::x::size: expected a whole number, found the string '10'; "
                "remove the quotes\n"},
        BadCase{"endpoint: 4317\n",
                "c.yaml:1:11: exporters::x::endpoint: expected a string, found the number 4317; "
                "put it in quotes\n"},
        BadCase{"token: 4317\n",
                "c.yaml:1:8: exporters::x::token: expected a string, found a number; "
                "put it in quotes\n"},
        BadCase{"timeout: 5\n",
                "c.yaml:1:10: exporters::x::timeout: expected a duration, found the number 5; "
                "give it a unit: 5s\n"},
        BadCase{"timeout: 5 s\n",
                "c.yaml:1:10: exporters::x::timeout: '5 s' is not a duration (write for example "
                "200ms, 5s or 1h30m)\n"},
        BadCase{"tls: true\n",
                "c.yaml:1:6: exporters::x::tls: expected a mapping, found the bool true\n"},
        BadCase{"topics: {a: b}\n",
                "c.yaml:1:9: exporters::x::topics: expected a list, found a mapping\n"},
        BadCase{"topics: [a, 1]\n",
                "c.yaml:1:13: exporters::x::topics::1: expected a string, found the number 1; "
                "put it in quotes\n"},
        BadCase{"headers: {a: 1}\n",
                "c.yaml:1:14: exporters::x::headers::a: expected a string, found a number; "
                "put it in quotes\n"},
        BadCase{"headers: [{nam: a, value: b}]\n",
                "c.yaml:1:11: exporters::x::headers::0: expected an item with the keys 'name' and "
                "'value'\n"},
        BadCase{"rules: [{name: a}, {nme: b}]\n",
                "c.yaml:1:21: exporters::x::rules::1: unknown key 'nme'; did you mean 'name'?\n"},
        BadCase{"rules: {name: a}\n",
                "c.yaml:1:8: exporters::x::rules: expected a list, found a mapping\n"},
        BadCase{"- a\n", "c.yaml:1:1: exporters::x: expected a mapping, found a list\n"},
        BadCase{"legacy: 1\n",
                "c.yaml:1:1: warning: exporters::x::legacy: does nothing any more\n"},
        BadCase{
            "size: x\nenabled: 1\ntls:\n  insecur: true\n",
            "c.yaml:1:7: exporters::x::size: expected a whole number, found the string 'x'\n"
            "c.yaml:2:10: exporters::x::enabled: expected true or false, found the number 1\n"
            "c.yaml:4:3: exporters::x::tls: unknown key 'insecur'; did you mean 'insecure'?\n"}));

}  // namespace
}  // namespace spandrel::config
