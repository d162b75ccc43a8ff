// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "cli/ids.h"
#include "cli/look.h"
#include "cli/query_text.h"
#include "cli/table.h"
#include "cli/visible_text.h"
#include "traceql/parse.h"

namespace spandrel::cli {
namespace {

TEST(VisibleTextTest, NothingOfASenderReachesTheTerminalAsAnOrder) {
  EXPECT_EQ(VisibleText("GET /ä 漢字"), "GET /ä 漢字");
  EXPECT_EQ(VisibleText("a\x1b[31mred\x1b]0;title\x07"), "a\\x1b[31mred\\x1b]0;title\\x07");
  EXPECT_EQ(VisibleText("a\nb\tc\r\x7f"), "a\\nb\\tc\\r\\x7f");
  EXPECT_EQ(VisibleText(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(VisibleText("\xc2\x9b"), "\\u{9b}");             // CSI as one character
  EXPECT_EQ(VisibleText("\xe2\x80\xae"), "\\u{202e}");       // right to left
  EXPECT_EQ(VisibleText("\xe2\x80\xa8x"), "\\u{2028}x");     // line separator
  EXPECT_EQ(VisibleText("\xff\x9b"), "\\xff\\x9b");          // not UTF-8
  EXPECT_EQ(VisibleText("\xf3\xa0\x81\x81"), "\\u{e0041}");  // a tag
}

TEST(VisibleTextTest, JsonKeepsItsMeaning) {
  EXPECT_EQ(VisibleJson("{\"ä\":\"\\u001b 漢\"}\n"), "{\"ä\":\"\\u001b 漢\"}\n");
  EXPECT_EQ(VisibleJson("\"\x7f\xc2\x9b\xe2\x80\xae\""), "\"\\u007f\\u009b\\u202e\"");
  EXPECT_EQ(VisibleJson("\"\xf3\xa0\x81\x81\""), "\"\\udb40\\udc41\"");
}

TEST(VisibleTextTest, WidthsAreOfColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3U);
  EXPECT_EQ(DisplayWidth("漢字"), 4U);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1U);
  EXPECT_EQ(FitTo("abcdef", 6), "abcdef");
  EXPECT_EQ(FitTo("abcdef", 5), "abcd…");
  EXPECT_EQ(FitTo("漢字漢字", 5), "漢字…");
  EXPECT_EQ(FitTo("abcdef", 5, "..."), "ab...");
  EXPECT_EQ(FitTo("abcdef", 2, "..."), "");
}

TEST(TableTest, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({{.title = "A"}, {.title = "COUNT", .right = true}, {.title = "Z"}});
  table.Add({{"long"}, {"7"}, {"x"}});
  table.Add({{"s"}, {""}, {""}});
  EXPECT_EQ(table.ToText({}), "A     COUNT  Z\nlong      7  x\ns\n");
}

TEST(TableTest, ColumnsThatMayShrinkMakeRoom) {
  Table table({{.title = "NAME", .shrinks = true}, {.title = "ID"}});
  table.Add({{"a-very-long-name"}, {"0123456789"}});
  EXPECT_EQ(table.ToText({.width = 24}), "NAME          ID\na-very-long…  0123456789\n");
  // Not below what can be read.
  EXPECT_EQ(table.ToText({.width = 5}), "NAME      ID\na-very-…  0123456789\n");
}

TEST(TableTest, OneLongNameDoesNotMakeEveryLineLong) {
  Table table({{.title = "NAME", .shrinks = true}, {.title = "ID"}});
  table.Add({{std::string(100'000, 'x')}, {"1"}});
  table.Add({{"y"}, {"2"}});
  EXPECT_LT(table.ToText({}).size(), 500U);
}

TEST(TableTest, ColoursTakeNoRoom) {
  Table table({{.title = "A"}, {.title = "B"}});
  table.Add({{"x", Ink::kRed}, {"y"}});
  EXPECT_EQ(table.ToText({.colour = true}),
            "\033[2mA\033[0m  \033[2mB\033[0m\n\033[31mx\033[0m  y\n");
}

TEST(IdsTest, AsTheyArePasted) {
  const std::string full = "0000000000000000a3ce929d0e0e4736";
  for (const char* text : {"a3ce929d0e0e4736", "0xA3CE929D0E0E4736", full.c_str(),
                           "00000000-0000-0000-a3ce-929d0e0e4736"}) {
    const auto id = ReadTraceId(text);
    ASSERT_TRUE(id.ok()) << text;
    EXPECT_EQ(id->ToHex(), full);
  }
  EXPECT_EQ(ReadSpanId("1F")->ToHex(), "000000000000001f");
  for (const char* text : {"", "0x", "0", "xyz", "--", "a3ce929d0e0e4736a3ce929d0e0e47361"}) {
    EXPECT_FALSE(ReadTraceId(text).ok()) << text;
  }
}

TEST(QueryTextTest, SpansAreAskedWithTheirNames) {
  const auto plain = ReadQueryText("{ .a = 1 }  // all", /*with_names=*/false);
  EXPECT_EQ(plain->text, "{ .a = 1 }  // all");
  EXPECT_EQ(plain->kind, QueryKind::kSpans);
  const auto named = ReadQueryText("{ .a = 1 } with (x = true) // all", /*with_names=*/true);
  ASSERT_TRUE(named.ok()) << named.status().message();
  EXPECT_NE(named->text.find("| select(name, resource.service.name, status)"), std::string::npos)
      << named->text;
  EXPECT_TRUE(traceql::Parse(named->text).ok());
  EXPECT_EQ(ReadQueryText("{ } | rate()", true)->kind, QueryKind::kSeries);
}

TEST(QueryTextTest, ErrorsAreShownAtTheirPlace) {
  const std::string query = "{ name = \"ä\" &&\n  nmae = 1 }";
  const auto read = ReadQueryText(query, false);
  ASSERT_FALSE(read.ok());
  const std::string text = ExplainQueryError(query, read.status(), {});
  EXPECT_NE(text.find("did you mean 'name'?\n    nmae = 1 }\n    ^"), std::string::npos) << text;
  EXPECT_EQ(text.find("2:3"), std::string::npos) << text;
}

TEST(QueryTextTest, WhoLeavesOutTheBracesIsTold) {
  const std::string query = "status = error";
  const std::string text = ExplainQueryError(query, ReadQueryText(query, false).status(), {});
  EXPECT_TRUE(
      text.ends_with("\n  status = error\n  ^\n"
                     "a condition on spans stands in braces, such as '{ status = error }'"))
      << text;
}

TEST(QueryTextTest, TheMarkStandsUnderWhatIsSeen) {
  const base::Status status(base::StatusCode::kInvalidArgument, "1:6: no");
  EXPECT_EQ(ExplainQueryError("ä\t{ y", status, {}), "no\n  ä\\t{ y\n       ^");
  EXPECT_EQ(ExplainQueryError("{}", {base::StatusCode::kInvalidArgument, "9:70: no"}, {}),
            "no\n  \n  ^");
  EXPECT_EQ(ExplainQueryError("ab", {base::StatusCode::kInvalidArgument, "a: b: c\n"}, {}),
            "a: b: c\\n");
}

}  // namespace
}  // namespace spandrel::cli
