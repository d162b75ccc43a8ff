// SPDX-License-Identifier: Apache-2.0
#include "config/render.h"

#include <gtest/gtest.h>

#include "config/decode.h"

namespace spandrel::config {
namespace {

Node Parse(const std::string& yaml) {
  Problems problems;
  auto document = ParseYaml(yaml, "c.yaml", &problems);
  EXPECT_EQ(problems.ToString(), "");
  return document.ok() ? std::move(document->root) : Node();
}

constexpr const char* kSample =
    "a: {b: [1, x, {c: true}, []], d: '5', e: , f: 1.5}\n"
    "\"quoted key:\": 'line\n\n  two'\n"
    "n: {}\n"
    "s: [[1], -2]\n";

TEST(Render, YamlReadsBackAsTheSame) {
  const Node root =
      Parse("a: {b: [1, x, {c: true, g: [[3, 4], 5]}, []], d: '5', e: , f: 1.5}\nn: {}\ni: .inf\n");
  const std::string yaml = RenderYaml(root);
  EXPECT_EQ(yaml,
            "a:\n"
            "  b:\n"
            "    - 1\n"
            "    - x\n"
            "    - c: true\n"
            "      g:\n"
            "        - - 3\n"
            "          - 4\n"
            "        - 5\n"
            "    - []\n"
            "  d: \"5\"\n"
            "  e: null\n"
            "  f: 1.5\n"
            "n: {}\n"
            "i: .inf\n");
  EXPECT_EQ(RenderYaml(Parse(yaml)), yaml);
  EXPECT_EQ(RenderJson(Parse(RenderYaml(Parse(kSample)))), RenderJson(Parse(kSample)));
}

// YAML takes no more than 1,024 characters in front of a colon, escapes included.
TEST(Render, LongKeysReadBackAsTheSame) {
  const std::string key = "? \"" + std::string(200, '\x7f') + "\"\n";
  const Node root = Parse(key + ": v\na:\n  - " + "? \"" + std::string(2'000, 'k') +
                          "\"\n    : {b: [1, 2]}\n    c: d\n");
  EXPECT_EQ(RenderJson(Parse(RenderYaml(root))), RenderJson(root));
}

TEST(Render, JsonIsIndented) {
  EXPECT_EQ(RenderJson(Parse("a: [1, {}]\nb: \"x\\\"\\n\\t\"\n")),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"x\\\"\\n\\u0009\"\n}");
}

TEST(Render, HidesSecrets) {
  const Node root = Parse(
      "headers: {a: x, b: y}\n"
      "auth: {password: p, Api_Key: 5, token_file: f, note: n}\n"
      "dsn: tcp://user:pw@host:9000/db?x=1\n"
      "plain: http://host:1/a@b\n");
  EXPECT_EQ(RenderYaml(root),
            "headers:\n"
            "  a: \"[REDACTED]\"\n"
            "  b: \"[REDACTED]\"\n"
            "auth:\n"
            "  password: \"[REDACTED]\"\n"
            "  Api_Key: \"[REDACTED]\"\n"
            "  token_file: f\n"
            "  note: n\n"
            "dsn: \"tcp://user:[REDACTED]@host:9000/db?x=1\"\n"
            "plain: \"http://host:1/a@b\"\n");
  EXPECT_NE(RenderYaml(root, {.is_redacted = false}).find("user:pw@"), std::string::npos);
}

TEST(Render, HidesWhatWasReadAsASecret) {
  const Node root = Parse("login: abc\n");
  Problems problems;
  Secret login;
  {
    Decoder decoder(root, &problems);
    decoder.Read("login", &login);
  }
  EXPECT_EQ(RenderYaml(root), "login: \"[REDACTED]\"\n");
}

}  // namespace
}  // namespace spandrel::config
