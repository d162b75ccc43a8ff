// SPDX-License-Identifier: Apache-2.0
#include "cli/trace_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "cli/span_text.h"
#include "conformance/test_spans.h"

namespace spandrel::cli {
namespace {

using conformance::TestSpan;

constexpr uint64_t kMilli = 1'000'000;
constexpr uint64_t kStart = 1'000'000'000;

class TraceTreeTest : public ::testing::Test {
 protected:
  TraceTreeTest() {
    setenv("TZ", "UTC", 1);
    tzset();
  }

  static std::string Name(const std::string& line) {
    const std::string name = line.substr(0, line.find("  svc"));
    return name.substr(0, name.find_last_not_of(' ') + 1);
  }

  // The lines below the heading, their names only.
  static std::string Tree(const std::vector<TestSpan>& spans, bool all = false) {
    const span::SpanBatch batch = conformance::MakeBatch(spans);
    std::string text = TraceTreeText(query::LayOutTrace(batch), all, {});
    text = text.substr(text.find("\n\n") + 2);
    std::string names;
    for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      const std::string line = text.substr(0, end);
      if (!line.starts_with("SPAN")) names += Name(line) + "\n";
      text.erase(0, end + 1);
    }
    return names;
  }

  static TestSpan Span(uint64_t id, uint64_t parent, std::string name, uint64_t start_ms,
                       uint64_t duration_ms) {
    return {.span = id,
            .parent = parent,
            .name = std::move(name),
            .start = kStart + start_ms * kMilli,
            .duration = duration_ms * kMilli};
  }
};

TEST_F(TraceTreeTest, ALineASpanWithItsTimes) {
  auto failed = Span(3, 1, "pay", 60, 20);
  failed.status = span::SpanStatus::kError;
  failed.status_message = "no\x1b money";
  failed.service = "bank";
  const auto batch =
      conformance::MakeBatch({Span(1, 0, "GET /", 0, 80), Span(2, 1, "read", 20, 20), failed});
  const std::string text = TraceTreeText(query::LayOutTrace(batch), false, {.width = 90});
  EXPECT_EQ(text, "trace " + conformance::TraceIdOf(1).ToHex() +
                      "\n1970-01-01 00:00:01.000, 80ms, 3 spans of 2 services, 1 error\n\n"
                      "SPAN                   SERVICE  DURATION   OWN\n"
                      "GET /                  svc          80ms  40ms  ██████░░░░░██████░░░░░\n"
                      "├─ read                svc          20ms  20ms       ██████\n"
                      "└─ pay ✗ no\\x1b money  bank         20ms  20ms                  ██████\n");
}

TEST_F(TraceTreeTest, LinesLeadToWhatIsBelow) {
  EXPECT_EQ(Tree({Span(1, 0, "a", 0, 9), Span(2, 1, "b", 1, 3), Span(3, 2, "c", 1, 1),
                  Span(4, 1, "d", 5, 3), Span(5, 4, "e", 5, 1), Span(6, 0, "f", 9, 1)}),
            "a\n├─ b\n│  └─ c\n└─ d\n   └─ e\nf\n");
}

TEST_F(TraceTreeTest, ManyThatAreAlikeAreOneLine) {
  std::vector<TestSpan> spans = {Span(1, 0, "a", 0, 100)};
  for (uint64_t i = 0; i < 5; ++i) {
    spans.push_back(Span(10 + 2 * i, 1, "q", 10 * i, 1 + i));
    spans.push_back(Span(11 + 2 * i, 10 + 2 * i, "io", 10 * i, 1));
  }
  spans.push_back(Span(2, 1, "z", 90, 1));
  EXPECT_EQ(Tree(spans), "a\n├─ q\n│  └─ io\n├─ … 4 more like it, 2ms to 5ms\n└─ z\n");
  EXPECT_EQ(std::ranges::count(Tree(spans, /*all=*/true), '\n'), 12);
  // One that failed is not like the others.
  spans[6].status = span::SpanStatus::kError;
  EXPECT_EQ(std::ranges::count(Tree(spans), '\n'), 12);
}

TEST_F(TraceTreeTest, ThreeAreFewEnoughToBeShown) {
  EXPECT_EQ(Tree({Span(1, 0, "a", 0, 9), Span(2, 1, "q", 1, 1), Span(3, 1, "q", 2, 1),
                  Span(4, 1, "q", 3, 1)}),
            "a\n├─ q\n├─ q\n└─ q\n");
}

TEST_F(TraceTreeTest, DeepChainsStayWithinTheLine) {
  std::vector<TestSpan> spans;
  for (uint64_t i = 0; i < 3000; ++i) spans.push_back(Span(i + 1, i, "n", 0, 1));
  const std::string tree = Tree(spans);
  EXPECT_NE(tree.find("(2999) "), std::string::npos);
  EXPECT_LT(tree.size(), 3000U * 120);
}

TEST_F(TraceTreeTest, OwnTimeIsWithoutThatOfChildren) {
  const auto batch = conformance::MakeBatch(
      {Span(1, 0, "a", 10, 10), Span(2, 1, "early", 5, 7), Span(3, 1, "within", 14, 2),
       Span(4, 1, "twice", 15, 3), Span(5, 1, "after", 30, 9)});
  EXPECT_EQ(OwnTime(query::LayOutTrace(batch), 0), 4 * kMilli);
}

TEST_F(TraceTreeTest, OneSpanWithAllThatItSays) {
  auto span = Span(2, 1, "pay", 1, 2);
  span.attributes = {{"k", "v\x1b"}, {"longer", int64_t{5}}};
  span.events = {{kStart + 2 * kMilli, "exception", {{"exception.stacktrace", "at a\n\tat b"}}}};
  const auto batch = conformance::MakeBatch({Span(1, 0, "a", 0, 9), span});
  EXPECT_EQ(SpanText(query::LayOutTrace(batch), 1, {}),
            "pay\n"
            "service   svc\n"
            "trace     " +
                conformance::TraceIdOf(1).ToHex() +
                "\n"
                "span      " +
                conformance::SpanIdOf(2).ToHex() +
                "\n"
                "parent    " +
                conformance::SpanIdOf(1).ToHex() +
                "\n"
                "kind      internal\n"
                "start     1970-01-01 00:00:01.001 (+1ms in the trace)\n"
                "duration  2ms (2ms its own)\n"
                "status    unset\n"
                "attributes\n"
                "  k       v\\x1b\n"
                "  longer  5\n"
                "resource\n"
                "  service.name  svc\n"
                "events\n"
                "  +1ms exception\n"
                "    exception.stacktrace  at a\n"
                "                          \\tat b\n");
}

}  // namespace
}  // namespace spandrel::cli
