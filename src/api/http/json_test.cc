// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "api/http/json_reader.h"
#include "api/http/json_text.h"

namespace spandrel::api {
namespace {

TEST(IndentJsonTest, AsGoDoes) {
  EXPECT_EQ(IndentJson(R"({"a":[1,{"b":"x,:{\"\\"}],"c":{},"d":[],"e":null})", 4),
            "{\n"
            "    \"a\": [\n"
            "        1,\n"
            "        {\n"
            "            \"b\": \"x,:{\\\"\\\\\"\n"
            "        }\n"
            "    ],\n"
            "    \"c\": {},\n"
            "    \"d\": [],\n"
            "    \"e\": null\n"
            "}");
  EXPECT_EQ(IndentJson("[]", 4), "[]");
}

TEST(ParseStringMapTest, OnlyObjectsOfStrings) {
  const auto map = ParseStringMap(R"({"a":"1","b":"two","a":"3"})");
  ASSERT_TRUE(map.ok());
  EXPECT_EQ(*map, (std::map<std::string, std::string>{{"a", "3"}, {"b", "two"}}));
  for (const char* bad : {"", "[]", "{", R"({"a":1})", R"({"a":null})", "nope", R"({"a":"b"}x)"}) {
    EXPECT_FALSE(ParseStringMap(bad).ok()) << bad;
  }
}

TEST(ParseParameterObjectTest, NestedMembersGetDots) {
  const auto parameters = ParseParameterObject(
      R"({"query":{"serviceName":"a","searchDepth":5,"attributes":{"k":"v"},"x":null},"raw":true})");
  ASSERT_TRUE(parameters.ok());
  const net::Headers expected = {{"query.serviceName", "a"},
                                 {"query.searchDepth", "5"},
                                 {"query.attributes", R"({"k":"v"})"},
                                 {"raw", "true"}};
  EXPECT_EQ(*parameters, expected);
  EXPECT_FALSE(ParseParameterObject("[1]").ok());
  EXPECT_FALSE(ParseParameterObject(std::string(100'000, '[')).ok());
}

}  // namespace
}  // namespace spandrel::api
