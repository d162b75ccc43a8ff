// SPDX-License-Identifier: Apache-2.0
#include "query/traceql/search.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "conformance/reference_store.h"
#include "conformance/test_spans.h"
#include "traceql/parse.h"

namespace spandrel::query {
namespace {

using conformance::ReferenceStore;
using conformance::TestArray;
using conformance::TestSpan;

constexpr uint64_t kSecond = 1'000'000'000;

class SpansSearchTest : public ::testing::Test {
 protected:
  void Fill(const std::vector<TestSpan>& spans) {
    store_.Append(conformance::MakeBatch(spans),
                  [](base::Status status) { ASSERT_TRUE(status.ok()) << status.ToString(); });
  }

  base::Result<FoundTraces> Search(const std::string& text, size_t limit = 100,
                                   storage::TimeRange range = {}) {
    auto query = traceql::Parse(text);
    if (!query.ok()) return query.status();
    SpansSearch search;
    search.pipeline = std::get<traceql::Pipeline>(std::move(query->what));
    search.limit = limit;
    search.start_time = range;
    search.spans_per_set = 0;
    return SearchSpans({}, store_, search);
  }

  // `1:2,3 | 4` for each trace: its number, and the numbers of the spans of each spanset.
  std::string Found(const std::string& text, size_t limit = 100, storage::TimeRange range = {}) {
    const auto found = Search(text, limit, range);
    if (!found.ok()) return found.status().message();
    std::string answer;
    for (const FoundTrace& trace : found->traces) {
      if (!answer.empty()) answer += "; ";
      answer += NumberOf(trace.trace_id.view()) + ":";
      for (size_t i = 0; i < trace.spansets.size(); ++i) {
        if (i > 0) answer += " |";
        for (const FoundSpan& span : trace.spansets[i].spans) {
          answer += " " + NumberOf(span.span_id.view());
        }
      }
    }
    return answer;
  }

  static std::string NumberOf(std::string_view id) {
    return std::to_string(static_cast<unsigned char>(id.back()));
  }

  ReferenceStore store_;
};

// web -> (db error, cache), and a trace of one span a second later.
std::vector<TestSpan> Shop() {
  return {{.trace = 1,
           .span = 1,
           .service = "web",
           .name = "GET",
           .start = 10 * kSecond,
           .duration = 500,
           .attributes = {{"http.status_code", int64_t{200}}}},
          {.trace = 1,
           .span = 2,
           .parent = 1,
           .service = "db",
           .name = "query",
           .start = 10 * kSecond + 10,
           .duration = 100,
           .status = span::SpanStatus::kError,
           .attributes = {{"rows", int64_t{7}},
                          {"ratio", 0.5},
                          {"tags", TestArray{std::string("red"), std::string("blue")}}}},
          {.trace = 1,
           .span = 3,
           .parent = 1,
           .service = "cache",
           .name = "get",
           .start = 10 * kSecond + 20,
           .duration = 50,
           .attributes = {{"hit", true}}},
          {.trace = 2,
           .span = 1,
           .service = "web",
           .name = "GET",
           .start = 11 * kSecond,
           .duration = 900,
           .attributes = {{"http.status_code", int64_t{500}}}}};
}

struct Case {
  std::string query;
  std::string wanted;
};

TEST_F(SpansSearchTest, FindsSpansNewestTraceFirst) {
  Fill(Shop());
  for (const Case& one :
       std::vector<Case>{{"{}", "2: 1; 1: 1 2 3"},
                         {"{ resource.service.name = `web` }", "2: 1; 1: 1"},
                         {"{ .service.name = `db` }", "1: 2"},
                         {"{ status = error }", "1: 2"},
                         {"{ span.http.status_code >= 300 }", "2: 1"},
                         {"{ .http.status_code >= 199.5 && .http.status_code < 300.5 }", "1: 1"},
                         {"{ .hit }", "1: 3"},
                         {"{ name =~ `g.*` }", "1: 3"},
                         {"{ name !~ `G.*` }", "1: 2 3"},
                         {"{ .rows != nil }", "1: 2"},
                         {"{ .rows = nil && duration < 500 }", "1: 3"},
                         {"{ .rows * 2 = 14 }", "1: 2"},
                         {"{ parent.service.name = `web` }", "1: 2 3"},
                         {"{ parent = nil }", "2: 1; 1: 1"},
                         {"{ nestedSetParent < 0 }", "2: 1; 1: 1"},
                         {"{ span:childCount = 2 }", "1: 1"},
                         {"{ rootName = `GET` && name != `GET` }", "1: 2 3"},
                         {"{ trace:duration > 600ns }", "2: 1"},
                         {"{ trace:id = `1` }", "1: 1 2 3"},
                         {"{ span:id = `02` }", "1: 2"},
                         {"{ .x = 1 }", ""}}) {
    EXPECT_EQ(Found(one.query), one.wanted) << one.query;
  }
}

TEST_F(SpansSearchTest, RelatesSpans) {
  Fill(Shop());
  for (const Case& one :
       std::vector<Case>{{"{ .service.name = `web` } > { status = error }", "1: 2"},
                         {"{ .service.name = `web` } >> {}", "1: 2 3"},
                         {"{ status = error } < {}", "1: 1"},
                         {"{ status = error } << {}", "1: 1"},
                         {"{ status = error } ~ {}", "1: 3"},
                         {"{} !> {}", "2: 1; 1: 1"},
                         {"{ status = error } !~ {}", "2: 1; 1: 1 2"},
                         {"{ name = `GET` } &> { status = error }", "1: 1 2"},
                         {"{ status = error } && { .hit }", "1: 2 3"},
                         {"{ status = error } && { .nothing }", ""},
                         {"{ status = error } || { .http.status_code = 500 }", "2: 1; 1: 2"},
                         {"({} | count() > 2) >> { .hit }", "1: 3"}}) {
    EXPECT_EQ(Found(one.query), one.wanted) << one.query;
  }
}

TEST_F(SpansSearchTest, GroupsAndAggregates) {
  Fill(Shop());
  for (const Case& one :
       std::vector<Case>{{"{} | count() > 1", "1: 1 2 3"},
                         {"{} | by(resource.service.name)", "2: 1; 1: 1 | 2 | 3"},
                         {"{} | by(resource.service.name) | { status = error }", "1: 2"},
                         {"{} | by(status = error) | count() = 2", "1: 1 3"},
                         {"{} | by(name) | coalesce() | count() = 3", "1: 1 2 3"},
                         {"{} | avg(.rows) = 7", "1: 1 2 3"},
                         {"{} | max(duration) >= 900ns", "2: 1"},
                         {"{} | sum(duration) = 650ns", "1: 1 2 3"},
                         {"{} | min(.ratio) < 1", "1: 1 2 3"},
                         {"{} | sum(duration) - max(duration) > 100", "1: 1 2 3"},
                         {"count() = 1 | { .http.status_code = 500 }", "2: 1"},
                         {"{} | min(.nothing) < 1", ""}}) {
    EXPECT_EQ(Found(one.query), one.wanted) << one.query;
  }
}

// The classes of docs/guide/traceql.md in which Tempo answers something else.
TEST_F(SpansSearchTest, IsRightWhereTempoIsNot) {
  std::vector<TestSpan> spans = Shop();
  spans[0].events = {{10 * kSecond, "a", {{"n", int64_t{1}}}},
                     {10 * kSecond, "b", {{"n", int64_t{2}}}}};
  Fill(spans);
  for (const Case& one :
       std::vector<Case>{{"{ !(span.http.status_code = 500) }", "1: 1 2 3"},
                         {"{ (.rows = 7) = false && .rows = 7 }", ""},
                         {"{ true || .missing }", "2: 1; 1: 1 2 3"},
                         {"{ .http.status_code = 500 || .missing }", "2: 1"},
                         {"{ 2 ^ 3 = 8 && .hit }", "1: 3"},
                         {"{ .rows = 7.0 }", "1: 2"},
                         {"{ .tags != `red` }", ""},
                         {"{ .tags = `red` || .tags = `blue` }", "1: 2"},
                         {"{ .tags !~ `r.*` }", ""},
                         {"{ .http.status_code != 1 && .http.status_code != 2 }", "2: 1; 1: 1"},
                         {"{ .missing = .missing }", ""},
                         {"{ .rows / 0 = 1 }", ""},
                         {"{ event:name = `a` && event.n = 1 }", "1: 1"},
                         {"{ event:name = `a` && event.n = 2 }", ""},
                         {"{ event:name != `a` && event:name != `b` }", ""},
                         {"{ link:traceID != `1` }", ""},
                         {"{ .service.name = error }", ""}}) {
    EXPECT_EQ(Found(one.query), one.wanted) << one.query;
  }
}

TEST_F(SpansSearchTest, StructureNeedsNoRoot) {
  Fill({{.trace = 1, .span = 2, .parent = 9, .name = "a"},
        {.trace = 1, .span = 3, .parent = 2, .name = "b", .start = 2 * kSecond}});
  EXPECT_EQ(Found("{ name = `a` } >> { name = `b` }"), "1: 3");
  EXPECT_EQ(Found("{ rootName = `` }"), "1: 2 3");
  const auto found = Search("{}");
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->traces[0].has_root);
}

TEST_F(SpansSearchTest, TakesTracesOfWhichASpanOfTheAnswerStartsInTheRange) {
  Fill(Shop());
  EXPECT_EQ(Found("{}", 100, {11 * kSecond, 12 * kSecond}), "2: 1");
  const storage::TimeRange range{10 * kSecond + 20, 10 * kSecond + 21};
  EXPECT_EQ(Found("{ name = `GET` } > {}", 100, range), "1: 2 3");
  EXPECT_EQ(Found("{ name = `GET` }", 100, range), "");
}

TEST_F(SpansSearchTest, GivesTheNewestUpToTheLimit) {
  std::vector<TestSpan> spans;
  for (uint64_t i = 1; i <= 9; ++i) {
    spans.push_back({.trace = i, .span = 1, .start = i * kSecond, .duration = 1});
    spans.push_back({.trace = i,
                     .span = 2,
                     .parent = 1,
                     .name = i % 2 == 0 ? "even" : "odd",
                     .start = (20 - i) * kSecond,
                     .duration = 1});
  }
  Fill(spans);
  EXPECT_EQ(Found("{ name = `odd` }", 2), "1: 2; 3: 2");
  EXPECT_EQ(Found("{ name = `even` } < {}", 3), "8: 1; 6: 1; 4: 1");
  EXPECT_EQ(Found("{} | count() > 1 | { name = `op` }", 2), "9: 1; 8: 1");
}

TEST_F(SpansSearchTest, DescribesTraces) {
  Fill(Shop());
  const auto found = Search(
      "{ status = error && .rows > 1 } | select(.tags, duration) | by(name) | avg(duration) > 0");
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->traces.size(), 1U);
  const FoundTrace& trace = found->traces[0];
  EXPECT_EQ(trace.root_service, "web");
  EXPECT_EQ(trace.root_name, "GET");
  EXPECT_EQ(trace.start_time_unix_nano, 10 * kSecond);
  EXPECT_EQ(trace.duration_nano, 500U);
  ASSERT_EQ(trace.services.size(), 3U);
  EXPECT_EQ(trace.services[1].name, "db");
  EXPECT_EQ(trace.services[1].error_count, 1U);
  const FoundSpanset& spanset = trace.spansets.at(0);
  EXPECT_EQ(spanset.labels,
            (std::vector<SpansetLabel>{{"by(name)", "query"}, {"avg(duration)", "100ns"}}));
  const FoundSpan& span = spanset.spans.at(0);
  ASSERT_EQ(span.values.size(), 5U);
  EXPECT_EQ(span.values[1].values, (std::vector<storage::Value>{int64_t{7}}));
  EXPECT_EQ(span.values[2].values, (std::vector<storage::Value>{"red", "blue"}));
}

TEST_F(SpansSearchTest, RefusesWhatTheStoreCannotTake) {
  const auto bad = Search("{ .a =~ `[` }");
  EXPECT_EQ(bad.status().code(), base::StatusCode::kInvalidArgument);
  std::string wide = "{ .a = 1";
  for (int i = 0; i < 1'500; ++i) wide += " || .a = " + std::to_string(i);
  EXPECT_EQ(Search(wide + " }").status().code(), base::StatusCode::kInvalidArgument);
}

TEST_F(SpansSearchTest, EndsWithItsContext) {
  Fill(Shop());
  const storage::QueryContext cancelled;
  cancelled.Cancel();
  auto query = traceql::Parse("{} >> {}");
  SpansSearch search{std::get<traceql::Pipeline>(std::move(query->what)), {}, 20, 3};
  EXPECT_EQ(SearchSpans(cancelled, store_, search).status().code(), base::StatusCode::kCancelled);
  base::ByteBudget none(64);
  const storage::QueryContext poor(storage::QueryOptions{.memory = &none});
  EXPECT_EQ(SearchSpans(poor, store_, search).status().code(),
            base::StatusCode::kResourceExhausted);
}

// What a query wants of a trace is reserved before it is there.
TEST_F(SpansSearchTest, WhatDoesNotFitIsRefused) {
  std::vector<TestSpan> wide;
  for (uint64_t id = 1; id <= 500; ++id) {
    wide.push_back({.span = id, .service = "web", .name = "name " + std::to_string(id)});
  }
  Fill(wide);
  std::string groups = "{}";
  std::string counts = "{}|by(name)";
  std::string filters = "{name!=\"0\"}";
  std::string fields = "{}|select(.a0";
  for (int i = 1; i < 500; ++i) {
    groups += "|by(name)";
    counts += "|count()>0";
    filters += "||{name!=\"" + std::to_string(i) + "\"}";
    fields += ",.a" + std::to_string(i);
  }
  fields += ")";
  for (const std::string& query : {groups, counts, filters, fields}) {
    base::ByteBudget budget(256 << 10);
    const storage::QueryContext context(storage::QueryOptions{.memory = &budget});
    SpansSearch search;
    search.pipeline = std::get<traceql::Pipeline>(traceql::Parse(query)->what);
    search.spans_per_set = 3;
    const auto found = SearchSpans(context, store_, search);
    EXPECT_EQ(found.status().code(), base::StatusCode::kResourceExhausted) << query.substr(0, 20);
  }
  EXPECT_TRUE(Search("{}|by(name)|count()>0", 1).ok());
}

}  // namespace
}  // namespace spandrel::query
