// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <string>

#include "conformance/reference_store.h"
#include "conformance/test_spans.h"
#include "promql/parse.h"
#include "query/promql/evaluate.h"

// Counters, their rates and increases, compared with a span by span reading of what they are.
namespace spandrel::query {
namespace {

using conformance::TestSpan;
using span::SpanKind;
using span::SpanStatus;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kStart = 1'700'000'000 * kSecond;

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return upper;
}

// An event that a counter counts.
struct Counted {
  std::map<std::string, std::string> labels;
  uint64_t time = 0;
  bool failed = false;
  uint64_t duration = 0;
};

std::vector<Counted> SpansOf(const std::vector<TestSpan>& spans) {
  std::vector<Counted> counted;
  counted.reserve(spans.size());
  for (const TestSpan& span : spans) {
    counted.push_back({{{"service", span.service},
                        {"span_name", span.name},
                        {"span_kind", "SPAN_KIND_" + Upper(span::SpanKindName(span.kind))},
                        {"status_code", "STATUS_CODE_" + Upper(span::SpanStatusName(span.status))}},
                       span.start,
                       false,
                       span.duration});
  }
  return counted;
}

bool IsServing(SpanKind kind) {
  return kind == SpanKind::kServer || kind == SpanKind::kConsumer;
}
bool IsCalling(SpanKind kind) {
  return kind == SpanKind::kClient || kind == SpanKind::kProducer;
}

// Calls with a server's duration.
std::vector<Counted> CallsOf(const std::vector<TestSpan>& spans) {
  std::vector<Counted> calls;
  const auto failed = [](const TestSpan& span) { return span.status == SpanStatus::kError; };
  for (const TestSpan& span : spans) {
    if (!IsServing(span.kind)) continue;
    Counted call{{{"server", span.service}}, span.start, failed(span), span.duration};
    if (span.parent == 0) {
      call.labels["client"] = "user";
      call.labels["connection_type"] = "virtual_node";
      calls.push_back(call);
      continue;
    }
    for (const TestSpan& parent : spans) {
      if (parent.trace != span.trace || parent.span != span.parent || !IsCalling(parent.kind))
        continue;
      call.labels["client"] = parent.service;
      call.failed |= failed(parent);
      const bool queued = parent.kind == SpanKind::kProducer || span.kind == SpanKind::kConsumer;
      if (queued) call.labels["connection_type"] = "messaging_system";
      calls.push_back(call);
    }
  }
  return calls;
}

struct Figure {
  std::string metric;
  std::function<double(const Counted&)> amount;
  bool of_calls = false;
};

class LiteralCountersTest : public ::testing::Test {
 protected:
  LiteralCountersTest() {
    for (uint64_t trace = 1; trace <= 120; ++trace) {
      const uint64_t count = 1 + random_() % 5;
      for (uint64_t i = 1; i <= count; ++i) spans_.push_back(RandomSpan(trace, i));
    }
    store_.Append(conformance::MakeBatch(spans_), [](base::Status) {});
  }

  TestSpan RandomSpan(uint64_t trace, uint64_t number) {
    TestSpan span;
    span.trace = trace;
    span.span = number;
    span.parent = number == 1 ? 0 : 1 + random_() % (number - 1);
    span.service = std::string(1, static_cast<char>('a' + random_() % 3));
    span.name = random_() % 2 == 0 ? "get" : "put";
    span.kind = static_cast<SpanKind>(random_() % 6);
    span.status = static_cast<SpanStatus>(random_() % 3);
    span.start = kStart + random_() % (120 * kSecond);
    // Often beside a bound.
    const uint64_t bound = uint64_t{2'000'000} << (random_() % 15);
    span.duration = random_() % 2 == 0 ? bound + random_() % 3 - 1 : random_() % (2 * bound);
    return span;
  }

  using LabelMap = std::map<std::string, std::string>;  // "" of those that are absent

  double Literal(const std::vector<Counted>& all, const Figure& figure, const LabelMap& labels,
                 uint64_t after, uint64_t until) {
    double sum = 0;
    for (const Counted& one : all) {
      const bool fits = std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
        const auto found = one.labels.find(label.first);
        return (found == one.labels.end() ? "" : found->second) == label.second;
      });
      if (fits && one.time > after && one.time <= until) sum += figure.amount(one);
    }
    return sum;
  }

  // `by` with the values that a series has, and what the matcher says.
  static LabelMap LabelsOf(const std::string& by, const PromSeries& series,
                           const std::string& matcher) {
    LabelMap labels;
    for (size_t begin = 0; begin < by.size();) {
      const size_t end = std::min(by.find(", ", begin), by.size());
      const std::string name = by.substr(begin, end - begin);
      labels[name] = LabelOf(series.labels, name);
      begin = end + 2;
    }
    if (!matcher.empty()) labels["service"] = "b";
    return labels;
  }

  void Compare(const Figure& figure, const std::string& by, const std::string& matcher) {
    const uint64_t range = (1 + random_() % 40) * kSecond / (random_() % 2 + 1);
    const uint64_t offset = random_() % 3 * kSecond;
    const Instants points{
        kStart + random_() % (60 * kSecond),
        (1 + random_() % 30) * kSecond / (random_() % 3 + 1) / 1'000'000 * 1'000'000,
        1 + random_() % 8};
    const int form = static_cast<int>(random_() % 3);
    const std::string counter = figure.metric + matcher;
    const std::string window =
        fmt::format("[{}ms] offset {}ms)", range / 1'000'000, offset / 1'000'000);
    const std::string inner = form == 0 ? fmt::format("{} offset {}ms", counter, offset / 1'000'000)
                              : form == 1 ? "increase(" + counter + window
                                          : "rate(" + counter + window;
    const std::string text = fmt::format("sum by ({}) ({})", by, inner);
    const auto query = promql::Parse(text);
    ASSERT_TRUE(query.ok()) << query.status().message();
    const storage::QueryContext context;
    storage::QueryMemory memory(context);
    const auto value = Evaluate(context, store_, *query, points, &memory);
    ASSERT_TRUE(value.ok()) << text << ": " << value.status().message();
    const auto all = figure.of_calls ? CallsOf(spans_) : SpansOf(spans_);
    double seen = 0;
    for (const PromSeries& series : std::get<PromVector>(*value)) {
      const LabelMap labels = LabelsOf(by, series, matcher);
      for (size_t i = 0; i < points.count; ++i) {
        const uint64_t until = points.At(i) - offset;
        const double sum = Literal(all, figure, labels, form == 0 ? 0 : until - range, until);
        const double wanted = form == 2 ? sum * 1e9 / static_cast<double>(range) : sum;
        const double got = IsAbsent(series.values[i]) ? 0 : series.values[i];
        EXPECT_NEAR(got, wanted, 1e-9 * std::max(1.0, wanted)) << text << " at point " << i;
        seen += got;
      }
    }
    double wanted_sum = 0;
    for (size_t i = 0; i < points.count; ++i) {
      const uint64_t until = points.At(i) - offset;
      const LabelMap labels = LabelsOf("", {}, matcher);
      const double sum = Literal(all, figure, labels, form == 0 ? 0 : until - range, until);
      wanted_sum += form == 2 ? sum * 1e9 / static_cast<double>(range) : sum;
    }
    EXPECT_NEAR(seen, wanted_sum, 1e-9 * std::max(1.0, wanted_sum)) << text;
  }

  std::mt19937_64 random_{7};
  std::vector<TestSpan> spans_;
  conformance::ReferenceStore store_;
};

double One(const Counted& /*counted*/) {
  return 1;
}
double Seconds(const Counted& counted) {
  return static_cast<double>(counted.duration) * 1e-9;
}
std::function<double(const Counted&)> UpTo(double seconds) {
  const auto bound = static_cast<uint64_t>(std::llround(seconds * 1e9));
  return [bound](const Counted& counted) { return counted.duration <= bound ? 1.0 : 0.0; };
}

TEST_F(LiteralCountersTest, OfSpans) {
  std::vector<Figure> figures = {{"traces_spanmetrics_calls_total", One},
                                 {"traces_spanmetrics_latency_count", One},
                                 {"traces_spanmetrics_latency_sum", Seconds}};
  for (int round = 0; round < 25; ++round) {
    for (const Figure& figure : figures) {
      Compare(figure, "service", "");
      Compare(figure, "service, span_kind, span_name, status_code", "");
      Compare(figure, "span_name", "{service=\"b\"}");
    }
  }
}

TEST_F(LiteralCountersTest, OfBuckets) {
  for (int round = 0; round < 8; ++round) {
    for (int i = 0; i < 14; ++i) {
      const double bound = 0.002 * static_cast<double>(1 << i);
      const Figure figure{"traces_spanmetrics_latency_bucket", UpTo(bound)};
      Compare(figure, "service", fmt::format("{{service=\"b\",le=\"{}\"}}", bound));
    }
  }
}

TEST_F(LiteralCountersTest, OfCalls) {
  const std::string metric = "traces_service_graph_request_";
  std::vector<Figure> figures = {
      {metric + "total", One, true},
      {metric + "failed_total", [](const Counted& call) { return call.failed ? 1.0 : 0.0; }, true},
      {metric + "server_seconds_count", One, true},
      {metric + "server_seconds_sum", Seconds, true}};
  for (int round = 0; round < 25; ++round) {
    for (const Figure& figure : figures) {
      Compare(figure, "client, server, connection_type", "");
      Compare(figure, "client", "");
    }
  }
}

}  // namespace
}  // namespace spandrel::query
