// SPDX-License-Identifier: Apache-2.0
#include "query/promql/scraped_counters.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "conformance/reference_store.h"
#include "conformance/test_spans.h"

namespace spandrel::query {
namespace {

using conformance::ReferenceStore;
using conformance::TestSpan;
using span::SpanKind;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kSince = 1'700'000'000 * kSecond;

class ScrapedCountersTest : public ::testing::Test {
 protected:
  // A server span of `service` that begins so many seconds after the start of the process.
  void Add(const std::string& service, uint64_t seconds, ReferenceStore* store = nullptr) {
    TestSpan span;
    span.trace = ++traces_;
    span.service = service;
    span.name = "a\"b\\c\nd";
    span.start = kSince + seconds * kSecond;
    span.duration = 3'000'000;
    span.kind = SpanKind::kServer;
    (store == nullptr ? store_ : *store)
        .Append(conformance::MakeBatch({span}),
                [](base::Status status) { ASSERT_TRUE(status.ok()) << status.ToString(); });
  }

  std::string Scrape(uint64_t seconds, ReferenceStore* store = nullptr) {
    std::string text;
    const auto status = counters_.Render({}, store == nullptr ? store_ : *store,
                                         kSince + seconds * kSecond, [&](std::string_view piece) {
                                           text += piece;
                                           return base::Status();
                                         });
    EXPECT_TRUE(status.ok()) << status.ToString();
    return text;
  }

  // Of all spans of a service, "" when it is not there.
  static std::string CallsOf(const std::string& text, const std::string& service) {
    const size_t at = text.find("traces_spanmetrics_calls_total{service=\"" + service);
    if (at == std::string::npos) return "";
    const size_t space = text.find("} ", at) + 2;
    return text.substr(space, text.find('\n', space) - space);
  }

  uint64_t traces_ = 0;
  ReferenceStore store_;
  ScrapedCounters counters_{kSince};
};

TEST_F(ScrapedCountersTest, SaysWhatBeganSinceTheStart) {
  Add("old", 0);
  Add("shop", 1);
  const std::string text = Scrape(1);
  EXPECT_EQ(CallsOf(text, "old"), "");
  const std::string labels =
      "{service=\"shop\",span_kind=\"SPAN_KIND_SERVER\",span_name=\"a\\\"b\\\\c\\nd\","
      "status_code=\"STATUS_CODE_UNSET\"";
  for (const std::string& line : {
           std::string("# HELP traces_spanmetrics_calls_total Spans.\n"
                       "# TYPE traces_spanmetrics_calls_total counter\n"
                       "traces_spanmetrics_calls_total") +
               labels + "} 1\n",
           std::string("# TYPE traces_spanmetrics_latency histogram\n"
                       "traces_spanmetrics_latency_bucket") +
               labels + ",le=\"0.002\"} 0\n",
           "traces_spanmetrics_latency_bucket" + labels + ",le=\"0.004\"} 1\n",
           "traces_spanmetrics_latency_bucket" + labels + ",le=\"+Inf\"} 1\n",
           "traces_spanmetrics_latency_sum" + labels + "} 0.003\n",
           "traces_spanmetrics_latency_count" + labels + "} 1\n",
           std::string("traces_service_graph_request_total{client=\"user\","
                       "connection_type=\"virtual_node\",server=\"shop\"} 1\n"),
       }) {
    EXPECT_NE(text.find(line), std::string::npos) << line << " in\n" << text;
  }
}

TEST_F(ScrapedCountersTest, NeverFallWhenSpansExpire) {
  for (uint64_t second = 1; second <= 1'000; second += 10) Add("shop", second);
  EXPECT_EQ(CallsOf(Scrape(1'000), "shop"), "100");
  // What began in the last 300 s is read again; what is gone beyond that stays counted.
  ReferenceStore later;
  for (uint64_t second = 701; second <= 1'100; second += 10) Add("shop", second, &later);
  EXPECT_EQ(CallsOf(Scrape(1'100, &later), "shop"), "110");
  EXPECT_EQ(CallsOf(Scrape(1'101, &later), "shop"), "110");
}

TEST_F(ScrapedCountersTest, CountLateSpansForMinutes) {
  Add("shop", 500);
  EXPECT_EQ(CallsOf(Scrape(600), "shop"), "1");
  Add("shop", 450);
  EXPECT_EQ(CallsOf(Scrape(601), "shop"), "2");
  Add("shop", 200);
  EXPECT_EQ(CallsOf(Scrape(602), "shop"), "2");
}

TEST_F(ScrapedCountersTest, RefuseTooMuchBeforeTheyWrite) {
  Add("shop", 1);
  base::ByteBudget budget(1 << 10);
  const storage::QueryContext context({.memory = &budget});
  bool wrote = false;
  const auto status = counters_.Render(context, store_, kSince + 2 * kSecond, [&](auto) {
    wrote = true;
    return base::Status();
  });
  EXPECT_EQ(status.code(), base::StatusCode::kResourceExhausted);
  EXPECT_FALSE(wrote);
}

}  // namespace
}  // namespace spandrel::query
