// SPDX-License-Identifier: Apache-2.0
#include "query/promql/evaluate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <utility>

#include "conformance/reference_store.h"
#include "conformance/test_spans.h"
#include "promql/parse.h"

namespace spandrel::query {
namespace {

using conformance::ReferenceStore;
using conformance::TestSpan;
using span::SpanKind;
using span::SpanStatus;

constexpr uint64_t kMilli = 1'000'000;
constexpr uint64_t kSecond = 1'000 * kMilli;

class PromqlEvaluateTest : public ::testing::Test {
 protected:
  void Fill(const std::vector<TestSpan>& spans) {
    store_.Append(conformance::MakeBatch(spans),
                  [](base::Status status) { ASSERT_TRUE(status.ok()) << status.ToString(); });
  }

  base::Result<PromValue> Ask(const std::string& text, Instants points) {
    const auto query = promql::Parse(text);
    if (!query.ok()) return query.status();
    const storage::QueryContext context;
    storage::QueryMemory memory(context);
    return Evaluate(context, store_, *query, points, &memory);
  }

  // `{a=x} 1 - 2.5`, a line for each series.
  std::string Lines(const std::string& text, Instants points = {100 * kSecond, kSecond, 1}) {
    const auto value = Ask(text, points);
    if (!value.ok()) return value.status().message();
    if (const auto* const numbers = std::get_if<PromScalar>(&*value)) return Numbers(*numbers);
    if (const auto* const words = std::get_if<std::string>(&*value)) return *words;
    std::string lines;
    for (const PromSeries& series : std::get<PromVector>(*value)) {
      lines += lines.empty() ? "{" : "\n{";
      for (const auto& [name, label] : series.labels) {
        lines += (lines.back() == '{' ? "" : ",") + name + "=" + label;
      }
      lines += "} " + Numbers(series.values);
    }
    return lines;
  }

  static std::string Numbers(const std::vector<double>& values) {
    std::string line;
    for (const double value : values) {
      line += (line.empty() ? "" : " ") + (IsAbsent(value) ? "-" : fmt::format("{:.6g}", value));
    }
    return line;
  }

  ReferenceStore store_;
};

// Three spans of `shop` and one of `stock`; at 100 s all are behind us.
std::vector<TestSpan> Shop() {
  return {{.trace = 1,
           .span = 1,
           .service = "shop",
           .name = "GET /",
           .start = 40 * kSecond,
           .duration = 2 * kMilli,
           .kind = SpanKind::kServer},
          {.trace = 2,
           .span = 1,
           .service = "shop",
           .name = "GET /",
           .start = 50 * kSecond,
           .duration = 2 * kMilli + 1,
           .kind = SpanKind::kServer,
           .status = SpanStatus::kError},
          {.trace = 3,
           .span = 1,
           .service = "shop",
           .name = "GET /cart",
           .start = 95 * kSecond,
           .duration = 20 * kSecond,
           .kind = SpanKind::kServer},
          {.trace = 4,
           .span = 1,
           .service = "stock",
           .name = "SELECT",
           .start = 100 * kSecond,
           .duration = 100 * kMilli,
           .kind = SpanKind::kClient}};
}

TEST_F(PromqlEvaluateTest, CountersAreTheSpansSoFar) {
  Fill(Shop());
  const std::string shop = "service=shop,span_kind=SPAN_KIND_SERVER,span_name=GET /";
  EXPECT_EQ(Lines("traces_spanmetrics_calls_total"),
            "{__name__=traces_spanmetrics_calls_total," + shop +
                ",status_code=STATUS_CODE_ERROR} 1\n"
                "{__name__=traces_spanmetrics_calls_total," +
                shop +
                ",status_code=STATUS_CODE_UNSET} 1\n"
                "{__name__=traces_spanmetrics_calls_total," +
                shop +
                "cart,status_code=STATUS_CODE_UNSET} 1\n"
                "{__name__=traces_spanmetrics_calls_total,service=stock,span_kind=SPAN_KIND_CLIENT,"
                "span_name=SELECT,status_code=STATUS_CODE_UNSET} 1");
  // A counter is not there before its first span.
  EXPECT_EQ(Lines("sum by (service) (traces_spanmetrics_calls_total)", {39 * kSecond, kSecond, 2}),
            "{service=shop} - 1");
  EXPECT_EQ(Lines("sum by (service) (traces_spanmetrics_calls_total)", {49 * kSecond, kSecond, 2}),
            "{service=shop} 1 2");
  EXPECT_EQ(Lines("sum(traces_spanmetrics_calls_total offset 50s)"), "{} 2");
  EXPECT_EQ(Lines("traces_spanmetrics_calls_total{service=\"nobody\"}"), "");
  EXPECT_EQ(Lines("up"), "");
}

TEST_F(PromqlEvaluateTest, RangesAreOpenAtTheirBeginning) {
  Fill(Shop());
  EXPECT_EQ(Lines("sum(increase(traces_spanmetrics_calls_total[50s]))"), "{} 2");
  EXPECT_EQ(Lines("sum(increase(traces_spanmetrics_calls_total[50001ms]))"), "{} 3");
  EXPECT_EQ(Lines("sum by (service) (rate(traces_spanmetrics_calls_total[1m]))"),
            "{service=shop} 0.0333333\n{service=stock} 0.0166667");
  // Points 7 s apart, a range of 10 s: the store counts each second once.
  EXPECT_EQ(Lines("sum(increase(traces_spanmetrics_calls_total{service='shop'}[10s]))",
                  {43 * kSecond, 7 * kSecond, 4}),
            "{} 1 1 1 0");
  EXPECT_EQ(Lines("rate(traces_spanmetrics_calls_total[2m])"), "1:6: a range begins before 1970");
}

TEST_F(PromqlEvaluateTest, MatchersSelect) {
  Fill(Shop());
  const auto count = [&](const std::string& matchers) {
    return Lines("sum(traces_spanmetrics_calls_total{" + matchers + "})");
  };
  EXPECT_EQ(count("service=\"shop\""), "{} 3");
  EXPECT_EQ(count("service!=\"shop\""), "{} 1");
  EXPECT_EQ(count("service=~\"sh.*|stock\""), "{} 4");
  EXPECT_EQ(count("service=~\"sh\""), "");
  EXPECT_EQ(count("service!~\"st.*\""), "{} 3");
  EXPECT_EQ(count("span_kind=\"SPAN_KIND_SERVER\",status_code!=\"STATUS_CODE_ERROR\""), "{} 2");
  EXPECT_EQ(count("span_kind=~\".*CLIENT\""), "{} 1");
  EXPECT_EQ(count("span_kind=\"server\""), "");
  EXPECT_EQ(count("cluster=\"\",le=\"\""), "{} 4");
  EXPECT_EQ(count("cluster=\"a\""), "");
  EXPECT_EQ(count("cluster!=\"a\""), "{} 4");
  EXPECT_EQ(count("service=\"shop\",service=\"stock\""), "");
  const std::string wrong = count("service=~\"(\"");
  EXPECT_EQ(wrong.substr(0, 6), "1:36: ") << wrong;
}

TEST_F(PromqlEvaluateTest, ClassicHistogramsAreExact) {
  Fill(Shop());
  EXPECT_EQ(Lines("sum by (le) (traces_spanmetrics_latency_bucket{service='shop'})"),
            "{le=+Inf} 3\n{le=0.002} 1\n{le=0.004} 2\n{le=0.008} 2\n{le=0.016} 2\n{le=0.032} 2\n"
            "{le=0.064} 2\n{le=0.128} 2\n{le=0.256} 2\n{le=0.512} 2\n{le=1.024} 2\n{le=16.384} 2\n"
            "{le=2.048} 2\n{le=4.096} 2\n{le=8.192} 2");
  EXPECT_EQ(Lines("sum(traces_spanmetrics_latency_bucket{le='0.004'})"), "{} 2");
  EXPECT_EQ(Lines("sum(traces_spanmetrics_latency_count)"), "{} 4");
  EXPECT_EQ(Lines("sum by (service) (traces_spanmetrics_latency_sum)"),
            "{service=shop} 20.004\n{service=stock} 0.1");
  // Half of what lies in a bucket from 2 to 4 ms, as Prometheus does it.
  EXPECT_EQ(Lines("histogram_quantile(.5, sum by (le) "
                  "(rate(traces_spanmetrics_latency_bucket{service='shop'}[100s])))"),
            "{} 0.003");
  EXPECT_EQ(Lines("histogram_quantile(.9, sum by (le) "
                  "(rate(traces_spanmetrics_latency_bucket{service='shop'}[100s])))"),
            "{} 16.384");
}

TEST_F(PromqlEvaluateTest, NativeHistograms) {
  Fill(Shop());
  EXPECT_EQ(Lines("histogram_count(sum by (service) (increase(traces_spanmetrics_latency[90s])))"),
            "{service=shop} 3\n{service=stock} 1");
  EXPECT_EQ(Lines("histogram_sum(sum(traces_spanmetrics_latency))"), "{} 20.104");
  EXPECT_EQ(Lines("histogram_avg(sum by (service) (traces_spanmetrics_latency))"),
            "{service=shop} 6.668\n{service=stock} 0.1");
  const auto value =
      Ask("histogram_quantile(0.5, sum by (service) (rate(traces_spanmetrics_latency[1m])))",
          {100 * kSecond, 1, 1});
  ASSERT_TRUE(value.ok());
  const auto& series = std::get<PromVector>(*value);
  ASSERT_EQ(series.size(), 2U);
  EXPECT_NEAR(series[1].values[0], 0.1, 0.1 * 0.022);
  EXPECT_EQ(Lines("histogram_count(sum(traces_spanmetrics_latency) * 2 + "
                  "sum(traces_spanmetrics_latency) / 4)"),
            "{} 9");
  EXPECT_EQ(Lines("count(traces_spanmetrics_latency)"), "{} 4");
  EXPECT_EQ(Lines("sum({__name__=~'traces_spanmetrics_(latency|calls_total)'})"),
            "1:1: numbers and histograms are not put together");
}

TEST_F(PromqlEvaluateTest, AggregationsAndRanks) {
  Fill(Shop());
  const std::string by_name = "sum by (span_name) (traces_spanmetrics_calls_total)";
  EXPECT_EQ(Lines("topk(2, " + by_name + ")"), "{span_name=GET /} 2\n{span_name=GET /cart} 1");
  EXPECT_EQ(Lines("bottomk(1, " + by_name + ")"), "{span_name=GET /cart} 1");
  EXPECT_EQ(Lines("topk(0, " + by_name + ")"), "");
  EXPECT_EQ(Lines("topk(1, " + by_name + ")", {45 * kSecond, 30 * kSecond, 3}),
            "{span_name=GET /} 1 2 2");
  EXPECT_EQ(Lines("avg(" + by_name + ")"), "{} 1.33333");
  EXPECT_EQ(Lines("min(" + by_name + ")"), "{} 1");
  EXPECT_EQ(Lines("max(" + by_name + ")"), "{} 2");
  EXPECT_EQ(Lines("count(" + by_name + ")"), "{} 3");
  EXPECT_EQ(Lines("group(" + by_name + ")"), "{} 1");
  EXPECT_EQ(
      Lines("sum without (span_name, status_code, span_kind) (traces_spanmetrics_calls_total)"),
      "{service=shop} 3\n{service=stock} 1");
  EXPECT_EQ(Lines("sort_desc(" + by_name + ")"),
            "{span_name=GET /} 2\n{span_name=GET /cart} 1\n{span_name=SELECT} 1");
  EXPECT_EQ(Lines("scalar(sum(" + by_name + ")) + 1"), "5");
}

TEST_F(PromqlEvaluateTest, Operators) {
  Fill(Shop());
  const std::string all = "sum by (service) (traces_spanmetrics_calls_total)";
  const std::string bad =
      "sum by (service) (traces_spanmetrics_calls_total{status_code='STATUS_CODE_ERROR'})";
  EXPECT_EQ(Lines("1+1"), "2");
  EXPECT_EQ(Lines("'a'"), "a");
  EXPECT_EQ(Lines("-2 ^ 2 % 3"), "-1");
  EXPECT_EQ(Lines("1 > bool 2"), "0");
  EXPECT_EQ(Lines("time()", {90 * kSecond, 10 * kSecond, 2}), "90 100");
  EXPECT_EQ(Lines("vector(3)"), "{} 3");
  EXPECT_EQ(Lines("2 * " + all), "{service=shop} 6\n{service=stock} 2");
  EXPECT_EQ(Lines(all + " > 1"), "{service=shop} 3");
  EXPECT_EQ(Lines(all + " > bool 1"), "{service=shop} 1\n{service=stock} 0");
  EXPECT_EQ(Lines("1 < " + all), "{service=shop} 3");
  EXPECT_EQ(Lines(bad + " / " + all), "{service=shop} 0.333333");
  EXPECT_EQ(Lines(all + " unless " + bad), "{service=stock} 1");
  EXPECT_EQ(Lines(all + " and " + bad), "{service=shop} 3");
  EXPECT_EQ(Lines(bad + " or " + all), "{service=shop} 1\n{service=stock} 1");
  EXPECT_EQ(Lines("sum(traces_spanmetrics_calls_total{service='x'}) or vector(0)"), "{} 0");
  EXPECT_EQ(Lines(bad + " or " + all, {45 * kSecond, 10 * kSecond, 2}), "{service=shop} 1 1");
  EXPECT_EQ(Lines(all + " / on() " + all),
            "1:51: several series on the right side have the same matched labels");
  EXPECT_EQ(Lines("rate({__name__=~'traces_spanmetrics_(latency_count|calls_total)'}[10s])"),
            "1:1: several metrics have series with the same labels; name one of them");
  EXPECT_EQ(Lines("-" + all), "{service=shop} -3\n{service=stock} -1");
}

TEST_F(PromqlEvaluateTest, CallsBetweenServices) {
  Fill({{.trace = 1,
         .span = 1,
         .service = "web",
         .start = 40 * kSecond,
         .duration = 300 * kMilli,
         .kind = SpanKind::kServer},
        {.trace = 1,
         .span = 2,
         .parent = 1,
         .service = "web",
         .start = 41 * kSecond,
         .duration = 200 * kMilli,
         .kind = SpanKind::kClient},
        {.trace = 1,
         .span = 3,
         .parent = 2,
         .service = "shop",
         .start = 42 * kSecond,
         .duration = 100 * kMilli,
         .kind = SpanKind::kServer,
         .status = SpanStatus::kError},
        // Inside a service: no call.
        {.trace = 1, .span = 4, .parent = 3, .service = "shop", .start = 43 * kSecond},
        {.trace = 1,
         .span = 5,
         .parent = 4,
         .service = "shop",
         .start = 44 * kSecond,
         .duration = 50 * kMilli,
         .kind = SpanKind::kClient,
         .attributes = {{"db.system", "postgresql"}, {"db.name", "orders"}}},
        {.trace = 1,
         .span = 6,
         .parent = 4,
         .service = "shop",
         .start = 45 * kSecond,
         .duration = 60 * kMilli,
         .kind = SpanKind::kClient,
         .attributes = {{"db.system", "redis"},
                        {"network.peer.address", "10.0.0.1"},
                        {"network.peer.port", int64_t{6379}}}},
        {.trace = 1,
         .span = 7,
         .parent = 4,
         .service = "shop",
         .start = 46 * kSecond,
         .kind = SpanKind::kProducer,
         .attributes = {{"peer.service", "mail"}}},
        // A client without a name for its peer, and a server whose parent is not stored: no calls.
        {.trace = 1, .span = 8, .parent = 4, .service = "shop", .kind = SpanKind::kClient},
        {.trace = 2, .span = 1, .parent = 9, .service = "shop", .kind = SpanKind::kServer},
        {.trace = 3,
         .span = 1,
         .service = "web",
         .start = 47 * kSecond,
         .kind = SpanKind::kProducer},
        {.trace = 3,
         .span = 2,
         .parent = 1,
         .service = "worker",
         .start = 90 * kSecond,
         .kind = SpanKind::kConsumer}});
  const std::string by = "sum by (client, server, connection_type) ";
  EXPECT_EQ(Lines(by + "(traces_service_graph_request_total)"),
            "{client=shop,connection_type=database,server=10.0.0.1:6379} 1\n"
            "{client=shop,connection_type=database,server=orders} 1\n"
            "{client=shop,connection_type=virtual_node,server=mail} 1\n"
            "{client=user,connection_type=virtual_node,server=web} 1\n"
            "{client=web,connection_type=messaging_system,server=worker} 1\n"
            "{client=web,server=shop} 1");
  EXPECT_EQ(Lines(by + "(increase(traces_service_graph_request_total{client='web'}[20s]))"),
            "{client=web,connection_type=messaging_system,server=worker} 1");
  EXPECT_EQ(Lines(by + "(traces_service_graph_request_failed_total)"),
            "{client=web,server=shop} 1");
  EXPECT_EQ(
      Lines("sum by (server) (traces_service_graph_request_server_seconds_sum{client!='user'})"),
      "{server=10.0.0.1:6379} 0.06\n{server=orders} 0.05\n{server=shop} 0.1\n"
      "{server=worker} 0.001");
  EXPECT_EQ(Lines("sum by (server) (traces_service_graph_request_client_seconds_sum)"),
            "{server=10.0.0.1:6379} 0.06\n{server=mail} 0.001\n{server=orders} 0.05\n"
            "{server=shop} 0.2\n{server=worker} 0.001");
  EXPECT_EQ(
      Lines("sum by (le) (traces_service_graph_request_server_seconds_bucket{server='shop'})"),
      "{le=+Inf} 1\n{le=0.1} 1\n{le=0.2} 1\n{le=0.4} 1\n{le=0.8} 1\n{le=1.6} 1\n"
      "{le=12.8} 1\n{le=3.2} 1\n{le=6.4} 1");
  EXPECT_EQ(
      Lines("sum by (le) "
            "(traces_service_graph_request_client_seconds_bucket{server='shop',le=~'0.[12]'})"),
      "{le=0.1} 0\n{le=0.2} 1");
  EXPECT_EQ(Lines("histogram_count(sum(traces_service_graph_request_server_seconds))"), "{} 5");
}

TEST_F(PromqlEvaluateTest, WhatIsTooMuchIsRefused) {
  Fill(Shop());
  base::ByteBudget budget(32 << 10);
  const storage::QueryContext context({.memory = &budget});
  storage::QueryMemory memory(context);
  const auto query = promql::Parse("traces_spanmetrics_latency_bucket");
  const auto value =
      Evaluate(context, store_, *query, {40 * kSecond, kMilli, kMaxInstants}, &memory);
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.status().code(), base::StatusCode::kResourceExhausted);

  const storage::QueryContext cancelled;
  cancelled.Cancel();
  storage::QueryMemory none(cancelled);
  EXPECT_EQ(Evaluate(cancelled, store_, *query, {40 * kSecond, 1, 1}, &none).status().code(),
            base::StatusCode::kCancelled);
}

// Queries by the rules of types, deep enough that every operator meets every kind of value.
class RandomQueries {
 public:
  std::string Series(int depth) {
    if (depth == 0) return Selector();
    switch (random_() % 8) {
      case 0:
        return Pick({"rate", "increase"}) + "(" + Selector() + "[30s])";
      case 1:
        return Pick({"sum", "avg", "min", "max", "count", "group"}) +
               Pick({"", " by (service)", " without (le)"}) + "(" + Series(depth - 1) + ")";
      case 2:
        return Pick({"topk", "bottomk"}) + "(" + Number(depth - 1) + "," + Series(depth - 1) + ")";
      case 3:
        return "histogram_quantile(" + Number(depth - 1) + "," + Series(depth - 1) + ")";
      case 4:
        return Pick({"histogram_count", "histogram_sum", "histogram_avg", "sort", "sort_desc",
                     "-"}) +
               "(" + Series(depth - 1) + ")";
      case 5:
        return "(" + Series(depth - 1) + ")" + Operator() + "(" + Number(depth - 1) + ")";
      case 6:
        return "(" + Number(depth - 1) + ")" + Operator() + "(" + Series(depth - 1) + ")";
      default:
        return "(" + Series(depth - 1) + ")" + Pick({Operator(), " and ", " or ", " unless "}) +
               Pick({"", "on (service) ", "ignoring (le) "}) + "(" + Series(depth - 1) + ")";
    }
  }

  Instants Points() { return {(40 + random_() % 30) * kSecond, kSecond, 1 + random_() % 5}; }

 private:
  std::string Number(int depth) {
    if (depth == 0 || random_() % 2 == 0) return Pick({"1", "0.5", "-2", "Inf", "NaN", "time()"});
    return "scalar(" + Series(depth - 1) + ")";
  }
  std::string Operator() { return Pick({"+", "-", "*", "/", "%", "^", "==", ">", "< bool "}); }
  std::string Selector() {
    return Pick({"traces_spanmetrics_calls_total", "traces_spanmetrics_latency_bucket",
                 "traces_spanmetrics_latency", "traces_service_graph_request_total",
                 "{__name__=~'traces_.*'}", "nothing"});
  }
  std::string Pick(const std::vector<std::string>& words) {
    return words[random_() % words.size()];
  }

  std::mt19937_64 random_{3};
};

TEST_F(PromqlEvaluateTest, RandomQueriesHaveAValueAtEachPointOrAnError) {
  Fill(Shop());
  RandomQueries queries;
  size_t answered = 0;
  for (int i = 0; i < 500; ++i) {
    const std::string text = queries.Series(1 + i % 4);
    const Instants points = queries.Points();
    const auto value = Ask(text, points);
    if (!value.ok()) {
      EXPECT_EQ(value.status().code(), base::StatusCode::kInvalidArgument) << text;
      continue;
    }
    ++answered;
    for (const PromSeries& series : std::get<PromVector>(*value)) {
      EXPECT_EQ(series.values.size(), points.count) << text;
      EXPECT_TRUE(series.histograms.empty() || series.histograms.size() == points.count) << text;
    }
  }
  EXPECT_GT(answered, 250U);
}

}  // namespace
}  // namespace spandrel::query
