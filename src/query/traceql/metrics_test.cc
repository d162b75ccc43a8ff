// SPDX-License-Identifier: Apache-2.0
#include "query/traceql/metrics.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "conformance/reference_store.h"
#include "conformance/test_spans.h"
#include "traceql/parse.h"

namespace spandrel::query {
namespace {

using conformance::ReferenceStore;
using conformance::TestSpan;

constexpr uint64_t kSecond = 1'000'000'000;

class SeriesTest : public ::testing::Test {
 protected:
  void Fill(const std::vector<TestSpan>& spans) {
    store_.Append(conformance::MakeBatch(spans),
                  [](base::Status status) { ASSERT_TRUE(status.ok()) << status.ToString(); });
  }

  base::Result<SeriesSet> Make(const std::string& text, TimePoints points, size_t exemplars = 0) {
    auto query = traceql::Parse(text);
    if (!query.ok()) return query.status();
    return MakeSeries({}, store_, std::get<traceql::MetricsExpr>(query->what),
                      {points, 1000, exemplars});
  }

  // `a=x: 1 - 2.5`, a line for each series.
  std::string Lines(const std::string& text, TimePoints points = {10 * kSecond, 10 * kSecond, 3}) {
    const auto set = Make(text, points);
    return set.ok() ? ToText(*set) : set.status().message();
  }

  static std::string ToText(const SeriesSet& set) {
    std::string lines;
    for (const Series& series : set.series) {
      if (!lines.empty()) lines += "\n";
      for (const auto& [key, value] : series.labels) {
        lines += (lines.empty() || lines.back() == '\n' ? "" : " ") + key + "=" +
                 storage::ValueText(value);
      }
      lines += ":";
      for (const double value : series.values) {
        lines += std::isnan(value) ? " -" : fmt::format(" {:.4g}", value);
      }
    }
    return lines;
  }

  ReferenceStore store_;
};

// Points are at 10, 20 and 30 s, each for the ten seconds before it and itself.
std::vector<TestSpan> Shop() {
  return {{.trace = 1,
           .span = 1,
           .service = "web",
           .name = "a",
           .start = 10 * kSecond,
           .duration = 2 * kSecond,
           .attributes = {{"n", int64_t{-3}}}},
          {.trace = 1,
           .span = 2,
           .parent = 1,
           .service = "db",
           .name = "b",
           .start = 10 * kSecond + 1,
           .duration = 1 * kSecond,
           .attributes = {{"n", 1.5}}},
          {.trace = 2,
           .span = 1,
           .service = "web",
           .name = "a",
           .start = 20 * kSecond,
           .duration = 4 * kSecond,
           .status = span::SpanStatus::kError,
           .attributes = {{"n", int64_t{4}}}},
          {.trace = 3,
           .span = 1,
           .service = "web",
           .name = "c",
           .start = 30 * kSecond + 1,
           .duration = 1}};
}

struct Case {
  std::string query;
  std::string wanted;
};

TEST_F(SeriesTest, MeasuresSpansAtPointsInTime) {
  Fill(Shop());
  for (
      const Case& one : std::vector<Case>{
          {"{} | count_over_time()", "__name__=count_over_time: 1 2 0"},
          {"{} | rate()", "__name__=rate: 0.1 0.2 0"},
          {"{ .nothing = 1 } | rate()", "__name__=rate: 0 0 0"},
          {"{ .nothing = 1 } | rate() by(name)", ""},
          {"{} | count_over_time() by(resource.service.name)",
           "resource.service.name=db: 0 1 0\nresource.service.name=web: 1 1 0"},
          {"{} | count_over_time() by(.n)", ".n=-3: 1 0 0\n.n=4: 0 1 0\n.n=1.5: 0 1 0"},
          {"{} | count_over_time() by(span.x)", "span.x=nil: 1 2 0"},
          {"{} | count_over_time() by(status, span.x)", "status=error: 0 1 0\nstatus=unset: 1 1 0"},
          {"{} | min_over_time(.n)", "__name__=min_over_time: -3 1.5 -"},
          {"{} | max_over_time(.n)", "__name__=max_over_time: -3 4 -"},
          {"{} | sum_over_time(span.n)", "__name__=sum_over_time: -3 5.5 -"},
          {"{} | avg_over_time(span.n)", "__name__=avg_over_time: -3 2.75 -"},
          {"{} | max_over_time(duration)", "__name__=max_over_time: 2 4 -"},
          {"{} | quantile_over_time(duration, 0.5, 1)", "p=0.5: 2 1 -\np=1: 2 4 -"},
          {"{} | histogram_over_time(duration)",
           "__bucket=1.073741824: 0 1 0\n__bucket=2.147483648: 1 0 0\n__bucket=4.294967296: 0 1 0"},
          {"{ name = `a` } > { name = `b` } | rate()", "__name__=rate: 0 0.1 0"},
          {"{} | by(name) | count() > 0 | { name = `a` } | count_over_time()",
           "__name__=count_over_time: 1 1 0"},
          {"{} && {} | compare({ status = error })", "compare() follows one filter only"}}) {
    std::string lines = Lines(one.query);
    // A quantile is within 1.1 %.
    if (one.query.find("quantile") != std::string::npos) {
      EXPECT_EQ(lines.substr(0, 5), one.wanted.substr(0, 5));
      continue;
    }
    EXPECT_EQ(lines, one.wanted) << one.query;
  }
}

TEST_F(SeriesTest, FindsQuantiles) {
  Fill(Shop());
  const auto set = Make("{} | quantile_over_time(duration, 0.5, 1) by(resource.service.name)",
                        {20 * kSecond, 20 * kSecond, 1});
  ASSERT_TRUE(set.ok());
  ASSERT_EQ(set->series.size(), 4U);
  EXPECT_EQ(set->series[3].labels,
            (std::vector<SeriesLabel>{{"resource.service.name", "web"}, {"p", 1.0}}));
  EXPECT_NEAR(set->series[3].values[0], 4, 0.05);
  EXPECT_NEAR(set->series[0].values[0], 1, 0.02);
}

TEST_F(SeriesTest, FiltersRanksAndCombinesSeries) {
  Fill(Shop());
  const std::string by_name = "{} | count_over_time() by(name)";
  for (const Case& one : std::vector<Case>{
           {"{} | count_over_time() by(name) | topk(1)", "name=a: 1 1 0"},
           {"{} | count_over_time() by(name) | bottomk(1)", "name=a: - 1 0\nname=b: 0 - -"},
           {"{} | count_over_time() > 1", "__name__=count_over_time: - 2 -"},
           {"{} | count_over_time() > 5", ""},
           {"{} | max_over_time(duration) > 3s", "__name__=max_over_time: - 4 -"},
           {"({} | count_over_time()) * 10 + 1", "__name__=count_over_time: 11 21 1"},
           {"1 - ({} | count_over_time())", "__name__=count_over_time: 0 -1 1"},
           {"({ status = error } | count_over_time()) / ({} | count_over_time())", ": 0 0.5 -"},
           {"({} | count_over_time() by(name)) - ({ name = `a` } | count_over_time() by(name))",
            "name=a: 0 0 0"},
           {"({} | count_over_time() by(name)) / ({} | count_over_time()) | topk(1)",
            "name=a: 1 0.5 -"}}) {
    EXPECT_EQ(Lines(one.query), one.wanted) << one.query;
  }
}

TEST_F(SeriesTest, ComparesASelectionWithTheRest) {
  Fill(Shop());
  EXPECT_EQ(Lines("{ name != `b` } | compare({ status = error })"),
            "__meta_type=baseline kind=internal: - - 1\n"
            "__meta_type=baseline name=a: - - 1\n"
            "__meta_type=baseline resource.service.name=web: - - 1\n"
            "__meta_type=baseline span.n=-3: - - 1\n"
            "__meta_type=baseline status=unset: - - 1\n"
            "__meta_type=baseline statusMessage=: - - 1\n"
            "__meta_type=baseline_total kind=nil: - - 1\n"
            "__meta_type=baseline_total name=nil: - - 1\n"
            "__meta_type=baseline_total resource.service.name=nil: - - 1\n"
            "__meta_type=baseline_total span.n=nil: - - 1\n"
            "__meta_type=baseline_total status=nil: - - 1\n"
            "__meta_type=baseline_total statusMessage=nil: - - 1\n"
            "__meta_type=selection kind=internal: - - 1\n"
            "__meta_type=selection name=a: - - 1\n"
            "__meta_type=selection resource.service.name=web: - - 1\n"
            "__meta_type=selection span.n=4: - - 1\n"
            "__meta_type=selection status=error: - - 1\n"
            "__meta_type=selection statusMessage=: - - 1\n"
            "__meta_type=selection_total kind=nil: - - 1\n"
            "__meta_type=selection_total name=nil: - - 1\n"
            "__meta_type=selection_total resource.service.name=nil: - - 1\n"
            "__meta_type=selection_total span.n=nil: - - 1\n"
            "__meta_type=selection_total status=nil: - - 1\n"
            "__meta_type=selection_total statusMessage=nil: - - 1");
  EXPECT_EQ(Lines("{ name != `b` } | compare({ name = `x` }, 1001)"),
            "compare() takes 1 to 1000 values of each field");
  // A selection in time: what starts outside of it is the baseline.
  EXPECT_NE(Lines("{} | compare({ name = `a` }, 10, 15000000000, 25000000000)")
                .find("__meta_type=selection name=a: - - 1"),
            std::string::npos);
}

TEST_F(SeriesTest, NamesTracesThatStandForPoints) {
  Fill(Shop());
  const auto set = Make("{} | max_over_time(duration)", {10 * kSecond, 10 * kSecond, 3}, 2);
  ASSERT_TRUE(set.ok());
  ASSERT_EQ(set->series[0].exemplars.size(), 2U);
  EXPECT_EQ(set->series[0].exemplars[0].trace_id, conformance::TraceIdOf(1));
  EXPECT_EQ(set->series[0].exemplars[0].value, 2);
}

// A filter is measured by the store, the same filter after `{}` by a scan.
TEST_F(SeriesTest, AreTheSameByAScan) {
  std::mt19937_64 random(3);
  Fill(conformance::RandomSpans(random, 1, 60, 1'000 * kSecond, 40 * kSecond));
  const TimePoints points{1'000 * kSecond, 7 * kSecond, 8};
  for (const std::string filter :
       {"{}", "{ status = error }", "{ .k1 != nil }", "{ parent.service.name = `service-1` }"}) {
    for (const std::string function :
         {"rate()", "count_over_time() by(name, status)", "min_over_time(.k1) by(kind)",
          "max_over_time(duration)", "sum_over_time(.k2) by(resource.service.name)",
          "avg_over_time(duration) by(nestedSetParent)", "histogram_over_time(duration)",
          "quantile_over_time(duration, 0.1, 0.9) by(name)"}) {
      const std::string stored = Lines(filter + " | " + function, points);
      EXPECT_EQ(Lines("{} | " + filter + " | " + function, points), stored)
          << filter << " | " << function;
      EXPECT_NE(stored, "") << filter << " | " << function;
    }
  }
}

}  // namespace
}  // namespace spandrel::query
