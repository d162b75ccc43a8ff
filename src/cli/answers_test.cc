// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "cli/rows_json.h"
#include "cli/series_text.h"
#include "cli/shown_spans.h"
#include "cli/tempo_answers.h"
#include "conformance/test_spans.h"

namespace spandrel::cli {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr std::string_view kSearchAnswer = R"({"traces":[
 {"traceID":"0000000000000000000000000000000a","rootServiceName":"shop","rootTraceName":"GET /",
  "startTimeUnixNano":"1700000000123000000","durationMs":25,
  "spanSets":[{"spans":[{"spanID":"00000000000000b1","name":"SELECT","startTimeUnixNano":"1700000000124000000",
    "durationNanos":"3000","attributes":[
      {"key":"service.name","value":{"stringValue":"db"}},{"key":"status","value":{"stringValue":"error"}},
      {"key":"n","value":{"intValue":"5"}},{"key":"f","value":{"doubleValue":0.5}},
      {"key":"b","value":{"boolValue":true}},
      {"key":"l","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"x"}]}}}]}],"matched":7},
   {"spans":[],"matched":1}],
  "serviceStats":{"shop":{"spanCount":3},"db":{"spanCount":9,"errorCount":2}}},
 {"traceID":"b","rootServiceName":"<root span not yet received>","spanSet":{"matched":2}}],
 "metrics":{"inspectedSpans":"12345"}})";

TEST(TempoAnswersTest, TracesOfASearch) {
  const auto answer = ParseSearchAnswer(kSearchAnswer);
  ASSERT_TRUE(answer.ok()) << answer.status().message();
  EXPECT_EQ(answer->inspected_spans, 12345U);
  ASSERT_EQ(answer->traces.size(), 2U);
  const TraceRow& trace = answer->traces[0];
  EXPECT_EQ(trace.trace_id.ToHex(), "0000000000000000000000000000000a");
  EXPECT_EQ(trace.root_service + trace.root_name, "shopGET /");
  EXPECT_EQ(trace.duration_nano, 25'000'000U);
  EXPECT_EQ(std::tuple(trace.spans, trace.errors, trace.matched), std::tuple(12U, 2U, 8U));
  ASSERT_EQ(trace.shown.size(), 1U);
  EXPECT_EQ(ServiceOf(trace.shown[0]), "db");
  EXPECT_TRUE(IsError(trace.shown[0]));
  EXPECT_FALSE(answer->traces[1].has_root);
  EXPECT_EQ(answer->traces[1].matched, 2U);
}

TEST(TempoAnswersTest, AMatchAsJson) {
  const auto answer = ParseSearchAnswer(kSearchAnswer);
  ASSERT_TRUE(answer.ok());
  const TraceRow& trace = answer->traces[0];
  EXPECT_EQ(MatchJson(trace, trace.shown[0]),
            R"({"traceId":"0000000000000000000000000000000a","spanId":"00000000000000b1",)"
            R"("service":"db","name":"SELECT","status":"error","start":"2023-11-14T22:13:20.124Z",)"
            R"("durationMs":0.003,"fields":{"n":5,"f":0.5,"b":true,"l":"1, x"}})"
            "\n");
}

TEST(TempoAnswersTest, PointsOfSeries) {
  const auto answer = ParseSeriesAnswer(
      R"({"series":[{"labels":[{"key":"resource.service.name","value":{"stringValue":"shop"}}],
          "samples":[{"timestampMs":"1000","value":2.5},{"timestampMs":"2000"},{"timestampMs":3000,"value":4}]}],
          "status":"PARTIAL"})");
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->truncated);
  ASSERT_EQ(answer->series.size(), 1U);
  EXPECT_EQ(SeriesJson(answer->series[0]),
            "{\"labels\":{\"resource.service.name\":\"shop\"},"
            "\"points\":[[1.0,2.5],[2.0,0.0],[3.0,4.0]]}\n");
}

TEST(TempoAnswersTest, WhatIsNoAnswerIsRefused) {
  for (const char* json :
       {"", "<html>", "[]", "{", R"({"traces":[{"traceID":"zz"}]})", R"({"traces":[5]})",
        R"({"traces":[{"traceID":"1","spanSets":[{"spans":[{"spanID":""}]}]}]})"}) {
    const auto answer = ParseSearchAnswer(json);
    ASSERT_FALSE(answer.ok()) << json;
    EXPECT_EQ(answer.status().code(), base::StatusCode::kDataLoss);
  }
  EXPECT_TRUE(ParseSearchAnswer(R"({"traces":5,"metrics":[]})")->traces.empty());
  EXPECT_TRUE(ParseSeriesAnswer("{}")->series.empty());
}

TEST(SpanJsonTest, HoldsAllThatASpanSays) {
  const auto batch = conformance::MakeBatch({{.status = span::SpanStatus::kError,
                                              .status_message = "no",
                                              .attributes = {{"k", int64_t{5}}, {"\"", "\x1b"}},
                                              .events = {{5, "e", {{"a", true}}}}}});
  span::ForEachSpan(batch, [](const span::SpanRef& span) {
    EXPECT_EQ(SpanJson(span),
              "{\"traceId\":\"" + span.entry().trace_id.ToHex() + "\",\"spanId\":\"" +
                  span.entry().span_id.ToHex() +
                  R"(","service":"svc","name":"op","kind":"internal","status":"error",)"
                  R"("statusMessage":"no","start":"1970-01-01T00:00:01Z","durationMs":1.0,)"
                  R"("attributes":{"\"":"\u001b","k":5},"resource":{"service.name":"svc"},)"
                  R"("events":[{"name":"e","time":"1970-01-01T00:00:00.000000005Z",)"
                  R"("attributes":{"a":true}}]})"
                  "\n");
  });
}

TEST(SeriesTextTest, SparklinesAreFromZeroToTheMost) {
  const std::vector<std::pair<uint64_t, double>> points = {{0, 0}, {10, 7}, {20, 14}, {39, 1}};
  EXPECT_EQ(Sparkline(points, 0, 39, 4, {}), "▁▅█▂");
  EXPECT_EQ(Sparkline(points, 0, 39, 4, {.unicode = false}), "_-#_");
  EXPECT_EQ(Sparkline(points, 0, 79, 4, {}), "▅█  ");
  EXPECT_EQ(Sparkline({{5, 3}, {6, 3}}, 5, 6, 2, {}), "██");
  EXPECT_EQ(Sparkline({{5, -2}, {6, 0}}, 5, 6, 2, {}), "▁█");
  EXPECT_EQ(Sparkline({{5, 0}}, 5, 6, 2, {}), "▁ ");
  EXPECT_EQ(Sparkline({}, 5, 6, 2, {}), "");
}

TEST(SeriesTextTest, NumbersAreShort) {
  EXPECT_EQ(NumberText(0), "0");
  EXPECT_EQ(NumberText(0.123456), "0.1235");
  EXPECT_EQ(NumberText(123456), "123456");
  EXPECT_EQ(NumberText(1.5e9), "1.5e+09");
}

TEST(SeriesTextTest, ARowASeriesAndARowAPoint) {
  setenv("TZ", "UTC", 1);
  tzset();
  const SeriesAnswer answer{{{{{"a", "x\x1b"}}, {{60 * kSecond, 1}, {120 * kSecond, 3}}},
                             {{{"b", "y"}}, {{60 * kSecond, 2}}}}};
  const SeriesQuestion question{"", 60 * kSecond, 120 * kSecond, 60 * kSecond};
  EXPECT_EQ(SeriesTable(answer, question, {}),
            "a      b  LAST  MIN  MAX  FROM 00:01:00 TO 00:02:00\n"
            "x\\x1b        3    1    3  ▃█\n"
            "       y     2    2    2  █ \n");
  const SeriesQuestion week{"", 0, 7 * 86'400 * kSecond, 86'400 * kSecond};
  EXPECT_NE(SeriesTable(answer, week, {}).find("FROM 1970-01-01 00:00 TO 1970-01-08 00:00\n"),
            std::string::npos);
  EXPECT_EQ(SeriesByTime(answer, {}),
            "TIME                     a      b  VALUE\n"
            "1970-01-01 00:01:00.000  x\\x1b         1\n"
            "1970-01-01 00:01:00.000         y      2\n"
            "1970-01-01 00:02:00.000  x\\x1b         3\n");
}

TEST(ShownSpansTest, ASpanIsShownOnce) {
  ShownSpans shown(100);
  const auto trace = conformance::TraceIdOf(1);
  EXPECT_TRUE(shown.Add(trace, conformance::SpanIdOf(1), 10));
  EXPECT_FALSE(shown.Add(trace, conformance::SpanIdOf(1), 10));
  EXPECT_TRUE(shown.Add(trace, conformance::SpanIdOf(2), 10));
  EXPECT_TRUE(shown.Add(conformance::TraceIdOf(2), conformance::SpanIdOf(1), 10));
  shown.ForgetBefore(10);
  EXPECT_FALSE(shown.Add(trace, conformance::SpanIdOf(1), 10));
  shown.ForgetBefore(11);
  EXPECT_EQ(shown.size(), 0U);
}

TEST(ShownSpansTest, MemoryIsBounded) {
  ShownSpans shown(10);
  for (uint64_t i = 1; i <= 100; ++i) {
    EXPECT_TRUE(shown.Add(conformance::TraceIdOf(i), conformance::SpanIdOf(1), i));
    EXPECT_LE(shown.size(), 10U);
  }
  EXPECT_FALSE(shown.Add(conformance::TraceIdOf(100), conformance::SpanIdOf(1), 100));
}

}  // namespace
}  // namespace spandrel::cli
