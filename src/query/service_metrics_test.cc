// SPDX-License-Identifier: Apache-2.0
#include "query/service_metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "conformance/reference_store.h"
#include "conformance/test_spans.h"

namespace spandrel::query {
namespace {

using conformance::ReferenceStore;
using conformance::TestSpan;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kStart = 1'700'000'000 * kSecond;

class ServiceMetricsTest : public ::testing::Test {
 protected:
  // Spans of two services and three operations in the ten minutes from kStart on.
  ServiceMetricsTest() {
    std::mt19937_64 random(1);
    for (uint64_t i = 1; i <= 500; ++i) {
      TestSpan span;
      span.trace = i;
      span.service = random() % 3 == 0 ? "shop" : "stock";
      span.name = std::string(1, static_cast<char>('a' + random() % 3));
      span.kind = random() % 4 == 0 ? span::SpanKind::kClient : span::SpanKind::kServer;
      span.start = kStart + random() % (600 * kSecond);
      span.duration = random() % kSecond;
      if (random() % 5 == 0) span.status = span::SpanStatus::kError;
      spans_.push_back(span);
    }
    store_.Append(conformance::MakeBatch(spans_), [](base::Status) {});
  }

  static ServiceMetricsRequest Request() {
    ServiceMetricsRequest request;
    request.services = {"shop", "stock"};
    request.kinds = {span::SpanKind::kServer};
    request.start_unix_nano = kStart + 60 * kSecond;
    request.end_unix_nano = kStart + 600 * kSecond;
    request.step_nano = 20 * kSecond;
    request.window_nano = 60 * kSecond;
    request.quantile = 0.9;
    return request;
  }

  // The same, span by span.
  void ExpectLiteral(const ServiceMetricsRequest& request, uint64_t window) {
    const auto series = ServiceMetrics(storage::QueryContext(), store_, request);
    ASSERT_TRUE(series.ok()) << series.status().ToString();
    size_t points = 0;
    for (const ServiceSeries& one : *series) {
      for (const ServicePoint& point : one.points) {
        ++points;
        std::vector<uint64_t> durations;
        double errors = 0;
        for (const TestSpan& span : spans_) {
          if (!Counts(span, one, request, point.time_unix_nano, window)) continue;
          durations.push_back(span.duration);
          errors += span.status == span::SpanStatus::kError ? 1 : 0;
        }
        const auto calls = static_cast<double>(durations.size());
        ASSERT_GT(calls, 0);
        EXPECT_DOUBLE_EQ(point.calls_per_second, calls * kSecond / static_cast<double>(window));
        EXPECT_DOUBLE_EQ(point.error_share, errors / calls);
        std::sort(durations.begin(), durations.end());
        const auto rank = static_cast<size_t>(std::max(1.0, std::ceil(request.quantile * calls)));
        const auto exact = static_cast<double>(durations[rank - 1]);
        EXPECT_NEAR(static_cast<double>(point.latency_nano), exact, exact * 0.022 + 1);
      }
    }
    EXPECT_EQ(points, CountPoints(request, window));
  }

  ReferenceStore store_;
  std::vector<TestSpan> spans_;

 private:
  static bool Counts(const TestSpan& span, const ServiceSeries& series,
                     const ServiceMetricsRequest& request, uint64_t time, uint64_t window) {
    return span.service == series.service &&
           (!request.by_operation || span.name == series.operation) &&
           span.kind == request.kinds.front() && span.start >= time - window && span.start < time;
  }

  size_t CountPoints(const ServiceMetricsRequest& request, uint64_t window) const {
    size_t points = 0;
    for (const std::string& service : request.services) {
      for (const char* name : {"a", "b", "c"}) {
        if (!request.by_operation && *name != 'a') continue;
        const ServiceSeries series{service, name, {}};
        for (uint64_t t = request.start_unix_nano; t <= request.end_unix_nano;
             t += request.step_nano) {
          points += std::any_of(spans_.begin(), spans_.end(), [&](const TestSpan& span) {
            return Counts(span, series, request, t, window);
          });
        }
      }
    }
    return points;
  }
};

TEST_F(ServiceMetricsTest, IsWhatCountingSpansGives) {
  ServiceMetricsRequest request = Request();
  ExpectLiteral(request, 60 * kSecond);
  request.by_operation = true;
  ExpectLiteral(request, 60 * kSecond);
  request.window_nano = 20 * kSecond;
  ExpectLiteral(request, 20 * kSecond);
}

TEST_F(ServiceMetricsTest, AWindowIsAWholeNumberOfSteps) {
  ServiceMetricsRequest request = Request();
  request.window_nano = 41 * kSecond;
  ExpectLiteral(request, 60 * kSecond);
  request.window_nano = 1;
  ExpectLiteral(request, 20 * kSecond);
}

TEST_F(ServiceMetricsTest, WhatIsTooMuchIsRefused) {
  const auto code_of = [this](const ServiceMetricsRequest& request) {
    return ServiceMetrics(storage::QueryContext(), store_, request).status().code();
  };
  ServiceMetricsRequest request = Request();
  request.step_nano = 1;
  EXPECT_EQ(code_of(request), base::StatusCode::kInvalidArgument);
  request = Request();
  request.window_nano = UINT64_MAX;
  EXPECT_EQ(code_of(request), base::StatusCode::kInvalidArgument);
  request = Request();
  request.start_unix_nano = request.end_unix_nano = 1;
  EXPECT_EQ(code_of(request), base::StatusCode::kInvalidArgument);
  request = Request();
  std::swap(request.start_unix_nano, request.end_unix_nano);
  EXPECT_EQ(code_of(request), base::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace spandrel::query
