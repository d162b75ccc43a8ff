// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <random>
#include <set>
#include <vector>

#include "conformance/reference_store.h"
#include "conformance/test_spans.h"
#include "query/overview.h"
#include "query/service_map.h"
#include "query/tags.h"
#include "query/trace_search.h"

namespace spandrel::query {
namespace {

using conformance::ReferenceStore;
using conformance::TestSpan;

constexpr uint64_t kStart = 1'700'000'000'000'000'000;

void Fill(ReferenceStore* store, const std::vector<TestSpan>& spans) {
  store->Append(conformance::MakeBatch(spans),
                [](base::Status status) { ASSERT_TRUE(status.ok()) << status.ToString(); });
}

TestSpan At(uint64_t trace, uint64_t start, uint64_t duration, bool error = false) {
  TestSpan span;
  span.trace = trace;
  span.start = start;
  span.duration = duration;
  if (error) span.status = span::SpanStatus::kError;
  return span;
}

TEST(TraceSearchTest, AllConditionsHoldForOneSpan) {
  TestSpan wanted = At(1, kStart, 5'000'000, true);
  wanted.service = "shop";
  wanted.name = "buy";
  wanted.kind = span::SpanKind::kServer;
  wanted.attributes = {{"k", std::string("v")}};
  TestSpan slow = wanted;
  slow.trace = 2;
  slow.duration = 50'000'000;
  TestSpan split = wanted;  // the same conditions over two spans
  split.trace = 3;
  split.kind = span::SpanKind::kClient;
  TestSpan other_half = wanted;
  other_half.trace = 3;
  other_half.span = 2;
  other_half.name = "pay";
  ReferenceStore store;
  Fill(&store, {wanted, slow, split, other_half});

  TraceFilter filter;
  filter.service = "shop";
  filter.operation = "buy";
  filter.kind = span::SpanKind::kServer;
  filter.status = span::SpanStatus::kError;
  filter.tags = *ParseTags("k=v");
  filter.min_duration_nano = 5'000'000;
  filter.max_duration_nano = 5'000'000;
  const auto found = store.Search({}, MakeSearchRequest(filter, storage::Order::kNewest, 10));
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  ASSERT_EQ(found->traces.size(), 1U);
  EXPECT_EQ(found->traces[0].trace_id, conformance::TraceIdOf(1));
}

TEST(TraceSearchTest, VisitsWhatIsThereInMemoryThatIsThere) {
  ReferenceStore store;
  Fill(&store, {At(1, kStart, 1), At(2, kStart + 1, 1)});
  const std::vector<span::TraceId> ids = {conformance::TraceIdOf(2), conformance::TraceIdOf(9),
                                          conformance::TraceIdOf(1)};
  std::vector<span::TraceId> visited;
  const auto note = [&visited](LoadedTrace&& trace) {
    visited.push_back(trace.trace_id);
    return base::Status();
  };
  EXPECT_TRUE(VisitTraces({}, store, ids, note).ok());
  EXPECT_EQ(visited, (std::vector{conformance::TraceIdOf(2), conformance::TraceIdOf(1)}));

  base::ByteBudget budget(1);
  const storage::QueryContext narrow({.memory = &budget});
  EXPECT_EQ(VisitTraces(narrow, store, ids, note).code(), base::StatusCode::kResourceExhausted);
  const base::Status stop(base::StatusCode::kCancelled, "enough");
  EXPECT_EQ(VisitTraces({}, store, ids, [&](LoadedTrace&&) { return stop; }).message(), "enough");

  visited.clear();
  const auto newest = MakeSearchRequest({}, storage::Order::kNewest, 1);
  EXPECT_TRUE(SearchAndVisitTraces({}, store, newest, note).ok());
  EXPECT_EQ(visited, std::vector{conformance::TraceIdOf(2)});
}

TEST(OverviewTest, CellsCountEveryTraceOnce) {
  std::mt19937_64 random(3);
  std::vector<TestSpan> spans;
  uint64_t errors = 0;
  for (uint64_t i = 1; i <= 500; ++i) {
    const bool error = random() % 10 == 0;
    errors += error ? 1 : 0;
    const uint64_t duration = uint64_t{1} << (random() % 36);
    spans.push_back(At(i, kStart + random() % 1'000'000, i < 5 ? 0 : duration, error));
  }
  ReferenceStore store;
  Fill(&store, spans);
  TraceFilter filter;
  filter.start_time = {kStart, kStart + 1'000'000};
  const auto overview = LoadOverview({}, store, filter, 77);
  ASSERT_TRUE(overview.ok()) << overview.status().ToString();
  EXPECT_EQ(overview->trace_count, 500U);
  EXPECT_EQ(overview->error_count, errors);
  EXPECT_EQ(std::accumulate(overview->errors.begin(), overview->errors.end(), uint64_t{0}), errors);
  EXPECT_GE(overview->step_nano * 77, 1'000'000U);
  ASSERT_GE(overview->row_bounds_nano.size(), 30U);
  ASSERT_LE(overview->row_bounds_nano.size(), static_cast<size_t>(kMaxOverviewRows) + 1);
  EXPECT_TRUE(std::is_sorted(overview->row_bounds_nano.begin(), overview->row_bounds_nano.end()));

  std::map<std::pair<uint32_t, uint32_t>, uint64_t> expected;
  for (const TestSpan& span : spans) {
    const auto column = static_cast<uint32_t>((span.start - kStart) / overview->step_nano);
    uint32_t row = 0;
    while (span.duration > overview->row_bounds_nano[row + 1]) ++row;
    if (span.duration >= 1000) ++expected[{column, row}];
  }
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> cells;
  uint64_t total = 0;
  for (const auto& cell : overview->cells) {
    total += cell.count;
    if (overview->row_bounds_nano[cell.row + 1] >= 1000)
      cells[{cell.column, cell.row}] = cell.count;
  }
  EXPECT_EQ(total, 500U);
  for (const auto& [cell, count] : expected) EXPECT_GE(cells[cell], count);
}

TEST(OverviewTest, NothingFoundAndBadRequests) {
  ReferenceStore store;
  TraceFilter filter;
  const auto empty = LoadOverview({}, store, filter, 10);
  ASSERT_TRUE(empty.ok()) << empty.status().ToString();
  EXPECT_EQ(empty->trace_count, 0U);
  EXPECT_TRUE(empty->cells.empty());
  EXPECT_TRUE(empty->row_bounds_nano.empty());
  EXPECT_FALSE(LoadOverview({}, store, filter, 0).ok());
  EXPECT_FALSE(LoadOverview({}, store, filter, kMaxOverviewColumns + 1).ok());
  filter.start_time = {5, 5};
  EXPECT_FALSE(LoadOverview({}, store, filter, 10).ok());
}

TEST(OverviewTest, ATraceThatStartsBeforeTheRangeIsInTheFirstColumn) {
  ReferenceStore store;
  TestSpan child = At(1, kStart, 10);
  child.span = 2;
  child.parent = 1;
  Fill(&store, {At(1, kStart - 1000, 5000), child});
  TraceFilter filter;
  filter.start_time = {kStart, kStart + 100};
  const auto overview = LoadOverview({}, store, filter, 10);
  ASSERT_TRUE(overview.ok());
  ASSERT_EQ(overview->cells.size(), 1U);
  EXPECT_EQ(overview->cells[0].column, 0U);
}

TEST(ServiceMapTest, CountsServicesAndCalls) {
  TestSpan root = At(1, kStart, 1'000'000);
  root.service = "web";
  TestSpan child = At(1, kStart + 10, 2'000'000, true);
  child.span = 2;
  child.parent = 1;
  child.service = "db";
  ReferenceStore store;
  Fill(&store, {root, child});
  const auto map = LoadServiceMap({}, store, {});
  ASSERT_TRUE(map.ok()) << map.status().ToString();
  ASSERT_EQ(map->services.size(), 2U);
  EXPECT_EQ(map->services[0].name, "db");
  EXPECT_EQ(map->services[0].error_count, 1U);
  EXPECT_NEAR(static_cast<double>(map->services[0].p95_nano), 2e6, 3e4);
  ASSERT_EQ(map->calls.size(), 1U);
  EXPECT_EQ(map->calls[0].parent, "web");
  EXPECT_EQ(map->calls[0].child, "db");
}

}  // namespace
}  // namespace spandrel::query
