// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include <gtest/gtest.h>

#include <map>

#include "config/decode.h"
#include "config/render.h"

namespace spandrel::config {
namespace {

class FakeEnvironment final : public Environment {
 public:
  std::optional<std::string> Variable(const std::string& name) const override {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  }
  base::Result<std::string> ReadFile(const std::string& path) const override {
    const auto found = files.find(path);
    if (found != files.end()) return found->second;
    return base::Status(base::StatusCode::kNotFound, "No such file or directory");
  }

  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
};

class LoadTest : public testing::Test {
 protected:
  // The merged document as JSON, then the problems.
  std::string LoadAll(const std::vector<std::string>& uris,
                      const std::vector<std::string>& sets = {}) {
    std::vector<Source> sources;
    for (const std::string& uri : uris) sources.push_back({uri, std::nullopt});
    return Run(sources, sets);
  }
  std::string LoadText(const std::string& yaml) { return Run({{"c.yaml", yaml}}, {}); }

  std::string Run(const std::vector<Source>& sources, const std::vector<std::string>& sets) {
    Problems problems;
    auto document = Load(sources, sets, environment_, &problems);
    EXPECT_NE(document.ok(), problems.has_errors());
    if (document.ok()) root_ = std::move(document->root);
    return (document.ok() ? RenderJson(root_, {.is_compact = true}) + "\n" : "") +
           problems.ToString();
  }

  FakeEnvironment environment_;
  Node root_;
};

TEST_F(LoadTest, MergesMappingsDeepAndReplacesLists) {
  environment_.files["a.yaml"] = "x: {p: 1, q: {r: 2, s: [1, 2]}}\ny: 1\n";
  environment_.files["b.yaml"] = "x: {q: {s: [3], t: 4}}\nz: {a: b}\n";
  EXPECT_EQ(LoadAll({"a.yaml", "file:b.yaml"}),
            R"({"x":{"p":1,"q":{"r":2,"s":[3],"t":4}},"y":1,"z":{"a":"b"}})"
            "\n");
}

TEST_F(LoadTest, NullOverwritesAndSaysSo) {
  environment_.files["a.yaml"] = "processors:\n  batch: {timeout: 1s}\n";
  environment_.files["b.yaml"] = "processors:\n";
  EXPECT_EQ(LoadAll({"a.yaml", "b.yaml"}),
            "{\"processors\":null}\n"
            "b.yaml:1:1: warning: the empty 'processors' overwrites the one from a.yaml:2:3\n");
}

TEST_F(LoadTest, ReadsEnvAndYamlSources) {
  environment_.variables["CONFIG"] = "a: {b: 1}";
  EXPECT_EQ(LoadAll({"env:CONFIG", "yaml:a::c: {d: true}", "yaml:a::b: 2"}),
            "{\"a\":{\"b\":2,\"c\":{\"d\":true}}}\n");
}

TEST_F(LoadTest, SetComesLast) {
  environment_.files["a.yaml"] = "exporters: {otlp: {endpoint: a, timeout: 1s}}\n";
  EXPECT_EQ(LoadAll({"a.yaml"}, {"exporters.otlp.endpoint=b:1", "exporters.otlp/2.x=[1, 2]",
                                 "service::telemetry.logs={level: debug}"}),
            R"({"exporters":{"otlp":{"endpoint":"b:1","timeout":"1s"},"otlp/2":{"x":[1,2]}},)"
            R"("service":{"telemetry":{"logs":{"level":"debug"}}}})"
            "\n");
  EXPECT_EQ(root_.Find("exporters")->value.Find("otlp/2")->key_where.ToString(),
            "--set exporters.otlp/2.x");
}

TEST_F(LoadTest, RefusesSourcesWithReason) {
  EXPECT_EQ(LoadAll({"none.yaml"}), "none.yaml: No such file or directory\n");
  EXPECT_EQ(LoadAll({"env:NONE"}), "env:NONE: not set\n");
  EXPECT_EQ(LoadAll({"https://host/x"}),
            "https://host/x: known scheme 'https', not supported by Spandrel: use file, env or "
            "yaml\n");
  EXPECT_EQ(LoadAll({"s3://bucket"}), "s3://bucket: unknown scheme 's3': use file, env or yaml\n");
  EXPECT_EQ(LoadAll({"yaml:- a"}),
            "yaml:1:1: a configuration is a mapping, beginning with `receivers:`\n");
  EXPECT_EQ(LoadAll({}, {"a.b"}), "--set a.b: write --set a.b.c=value\n");
  EXPECT_EQ(LoadAll({}, {"a=*x"}), "--set a:1:1: the referenced anchor is not defined\n");
  EXPECT_EQ(LoadAll(std::vector<std::string>(101, "x")), "--config: more than 100 sources\n");
}

TEST_F(LoadTest, AllBadSourcesAreReported) {
  environment_.files["a.yaml"] = "a: 1\na: 2\n";
  EXPECT_EQ(LoadAll({"a.yaml", "b.yaml"}),
            "a.yaml:2:1: key 'a' is written twice, first in line 1\n"
            "b.yaml: No such file or directory\n");
}

struct ExpandCase {
  const char* yaml;
  const char* result;
};

class ExpandTest : public LoadTest, public testing::WithParamInterface<ExpandCase> {};

TEST_P(ExpandTest, Gives) {
  environment_.variables = {
      {"HOST", "h"},          {"PORT", "4317"},        {"OCTAL", "0123"},
      {"ON", "true"},         {"EMPTY", ""},           {"NAME", "HOST"},
      {"REF", "${env:HOST}"}, {"LOOP", "${env:LOOP}"}, {"GROW", "${env:GROW}${env:GROW}"},
      {"QUOTED", "\"0123\""}, {"LIST", "[1, x]"},      {"MAP", "a: ${env:HOST}\nb: 2"},
      {"DOLLARS", "a$$b"},    {"NOT_YAML", "a: b: c"}, {"HASH", "pass # word"}};
  environment_.files = {{"token.txt", "secret\n"},
                        {"part.yaml", "k: ${env:PORT}\nl: [\"${HOST}\"]\n"},
                        {"self.yaml", "s: ${file:self.yaml}\n"}};
  EXPECT_EQ(LoadText(GetParam().yaml), GetParam().result);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ExpandTest,
    testing::Values(
        ExpandCase{"v: ${env:HOST}", "{\"v\":\"h\"}\n"},
        ExpandCase{"v: ${HOST}", "{\"v\":\"h\"}\n"}, ExpandCase{"v: $HOST", "{\"v\":\"$HOST\"}\n"},
        ExpandCase{"v: ${env:PORT}", "{\"v\":4317}\n"},
        ExpandCase{"v: ${env:ON}", "{\"v\":true}\n"},
        ExpandCase{"v: '${env:PORT}'", "{\"v\":4317}\n"},
        ExpandCase{"v: ${env:OCTAL}", "{\"v\":83}\n"},
        ExpandCase{"v: ${env:QUOTED}", "{\"v\":\"0123\"}\n"},
        ExpandCase{"v: ${env:HOST}:${env:PORT}", "{\"v\":\"h:4317\"}\n"},
        ExpandCase{"v: x${env:ON}", "{\"v\":\"xtrue\"}\n"},
        ExpandCase{"v: ${env:LIST}", "{\"v\":[1,\"x\"]}\n"},
        ExpandCase{"v: ${env:MAP}", "{\"v\":{\"a\":\"h\",\"b\":2}}\n"},
        ExpandCase{"v: [a, {b: \"${HOST}\"}]", "{\"v\":[\"a\",{\"b\":\"h\"}]}\n"},
        ExpandCase{"v: ${env:EMPTY}", "{\"v\":null}\n"},
        ExpandCase{"v: a${env:EMPTY}b", "{\"v\":\"ab\"}\n"},
        ExpandCase{"v: ${env:NONE:-d}", "{\"v\":\"d\"}\n"},
        ExpandCase{"v: ${NONE:-d}", "{\"v\":\"d\"}\n"},
        ExpandCase{"v: ${env:NONE:-5}", "{\"v\":5}\n"},
        ExpandCase{"v: ${env:NONE:-}", "{\"v\":\"\"}\n"},
        ExpandCase{"v: a${env:NONE:-}b", "{\"v\":\"ab\"}\n"},
        ExpandCase{"v: ${env:HOST:-d}", "{\"v\":\"h\"}\n"},
        ExpandCase{"v: ${env:NONE:-localhost:4317}", "{\"v\":\"localhost:4317\"}\n"},
        ExpandCase{"v: ${env:NONE}",
                   "{\"v\":null}\nc.yaml:1:4: warning: v: environment variable NONE is not set\n"},
        ExpandCase{"v: ${env:${env:NAME}}", "{\"v\":\"h\"}\n"},
        ExpandCase{"v: ${env:NONE:-${env:HOST}}", "{\"v\":\"h\"}\n"},
        ExpandCase{"v: ${env:REF}", "{\"v\":\"h\"}\n"},
        ExpandCase{"v: $${env:HOST}", "{\"v\":\"${env:HOST}\"}\n"},
        ExpandCase{"v: $$${env:HOST}", "{\"v\":\"$h\"}\n"},
        ExpandCase{"v: $$$${env:HOST}", "{\"v\":\"$${env:HOST}\"}\n"},
        ExpandCase{"v: $${A} ${env:HOST}", "{\"v\":\"${A} h\"}\n"},
        ExpandCase{"v: a$$b$c", "{\"v\":\"a$b$c\"}\n"},
        ExpandCase{"v: ${env:DOLLARS}", "{\"v\":\"a$b\"}\n"},
        ExpandCase{"v: ${unclosed", "{\"v\":\"${unclosed\"}\n"},
        ExpandCase{"v: ${env:NOT_YAML}", "{\"v\":\"a: b: c\"}\n"},
        ExpandCase{"v: ${env:HASH}", "{\"v\":\"pass # word\"}\n"},
        ExpandCase{"${HOST}: 1", "{\"${HOST}\":1}\n"},
        ExpandCase{"v: ${file:token.txt}", "{\"v\":\"secret\"}\n"},
        ExpandCase{"v: ${file:part.yaml}", "{\"v\":{\"k\":4317,\"l\":[\"h\"]}}\n"},
        ExpandCase{"v: ${yaml:[1, 2]}", "{\"v\":[1,2]}\n"},
        ExpandCase{"v: ${env:1}",
                   "c.yaml:1:4: v: '1' is not the name of an environment variable; write $${...} "
                   "for the text itself\n"},
        ExpandCase{"v: ${}",
                   "c.yaml:1:4: v: '' is not the name of an environment variable; write $${...} "
                   "for the text itself\n"},
        ExpandCase{"a:\n  - v: ${nope:x}",
                   "c.yaml:2:8: a::0::v: unknown scheme 'nope': use file, env or yaml\n"},
        ExpandCase{"v: ${file:none}", "c.yaml:1:4: v: file 'none': No such file or directory\n"},
        ExpandCase{"v: ${env:LOOP}",
                   "c.yaml:1:4: v: too many expansions; does a value refer to itself?\n"},
        ExpandCase{"v: ${env:GROW}",
                   "c.yaml:1:4: v: too many expansions; does a value refer to itself?\n"}));

TEST_F(LoadTest, AFileThatHoldsItselfEnds) {
  environment_.files["self.yaml"] = "s: ${file:self.yaml}\nt: ${file:self.yaml}\n";
  const std::string result = LoadText("v: ${file:self.yaml}");
  EXPECT_NE(result.find("self.yaml:"), std::string::npos);
  EXPECT_NE(result.find("expands to too deep or too large a document"), std::string::npos);
}

TEST_F(LoadTest, ExpandedScalarsKeepTheirTextForStrings) {
  environment_.variables["OCTAL"] = "0123";
  LoadText("v: ${env:OCTAL}");
  Problems problems;
  std::string text;
  int64_t number = 0;
  {
    Decoder decoder(root_, &problems);
    decoder.Read("v", &text);
    decoder.Read("v", &number);
  }
  EXPECT_EQ(problems.ToString(), "");
  EXPECT_EQ(text, "0123");
  EXPECT_EQ(number, 83);
}

TEST_F(LoadTest, ProblemsInAFileThatWasPutInNameThatFile) {
  environment_.files["part.yaml"] = "\n\nsize: x\n";
  LoadText("v: ${file:part.yaml}");
  Problems problems;
  int64_t size = 0;
  {
    Decoder decoder(root_, &problems);
    decoder.Child("v").Read("size", &size);
  }
  EXPECT_EQ(problems.ToString(),
            "part.yaml:3:7: v::size: expected a whole number, found the string 'x'\n");
}

}  // namespace
}  // namespace spandrel::config
