// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>

#include "columnar/read/count/aggregate.h"
#include "columnar/read/count/measure.h"
#include "columnar/read/count/value_counts.h"
#include "columnar/read/list/catalog.h"
#include "columnar/read/list/lists.h"
#include "columnar/read/traces/export.h"
#include "columnar/read/traces/fetch.h"
#include "columnar/read/traces/search.h"
#include "columnar/read/traces/trace_scan.h"
#include "columnar/testing/places.h"
#include "storage/regexes.h"

// What reads look at, by the counts of their context: not how long it takes.
namespace spandrel::columnar {
namespace {

using base::Status;
using base::StatusCode;
using conformance::SpanIdOf;
using conformance::TestSpan;
using conformance::TraceIdOf;
using storage::AttributeField;
using storage::AttributeScope;
using storage::CompareOp;
using storage::Expression;
using storage::FieldRef;
using storage::Inspected;
using storage::Intrinsic;
using storage::Predicate;
using storage::QueryContext;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr size_t kParts = 5;
constexpr size_t kTracesOfPart = 20;
constexpr size_t kRowsOfPart = 2 * kTracesOfPart;

// What a test asks with, so that every read can be asked the same.
struct Wanted {
  Predicate where;
  storage::TimeRange range;
};

class TraceCounter final : public storage::TraceSink {
 public:
  bool OnTrace(storage::TraceSlice&& slice) override {
    ids.push_back(slice.trace_id);
    return ids.size() < limit;
  }
  size_t limit = SIZE_MAX;
  std::vector<span::TraceId> ids;
};

class SpanCounter final : public storage::SpansSink {
 public:
  bool OnSpans(const span::TraceId& /*id*/, span::SpanBatch&& batch) override {
    spans += batch.span_count();
    return true;
  }
  size_t spans = 0;
};

// Parts one after the other in time, each of one service of its own, with traces of two spans: a
// root and a child that says more.
class PushdownTest : public testing::Test {
 protected:
  PushdownTest() {
    for (size_t part = 0; part < kParts; ++part) places_.AddPart(SpansOfPart(part));
  }

  static std::vector<TestSpan> SpansOfPart(size_t part) {
    std::vector<TestSpan> spans;
    for (uint64_t i = 0; i < kTracesOfPart; ++i) {
      TestSpan root;
      root.trace = 1 + part * kTracesOfPart + i;
      root.service = "service-" + std::to_string(part);
      root.name = "root-" + std::to_string(part);
      root.start = StartOfPart(part) + i * 1000;
      root.attributes = {{"part", "value-" + std::to_string(part)},
                         {"route", "/route/" + std::to_string(i % 4)},
                         {"filler", std::string(500, 'x') + std::to_string(i)}};
      TestSpan child = root;
      child.span = 2;
      child.parent = 1;
      child.name = "child";
      child.start += 10;
      child.attributes.emplace_back("size", static_cast<int64_t>(i));
      spans.push_back(root);
      spans.push_back(child);
    }
    return spans;
  }
  static uint64_t StartOfPart(size_t part) { return 1000 * kSecond + part * kSecond; }

  // Every read that takes a condition, by its name.
  using Read = std::function<Status(const QueryContext&, const Wanted&)>;
  std::map<std::string, Read> ReadsWithConditions() const {
    const Snapshot& all = places_.snapshot();
    std::map<std::string, Read> reads;
    for (const auto order : {storage::Order::kNewest, storage::Order::kSlowest}) {
      reads[order == storage::Order::kNewest ? "Newest" : "Slowest"] =
          [&all, order](const QueryContext& context, const Wanted& wanted) {
            storage::SearchRequest request{.where = wanted.where, .start_time = wanted.range};
            request.order = order;
            request.limit = 1000;
            return SearchTraces(context, all, request).status();
          };
    }
    for (const auto order : {storage::ScanOrder::kNewest, storage::ScanOrder::kUnordered}) {
      const bool newest = order == storage::ScanOrder::kNewest;
      reads[newest ? "ScanNewest" : "Scan"] = [&all, order](const QueryContext& context,
                                                            const Wanted& wanted) {
        storage::TraceScanRequest request{.where = wanted.where, .start_time = wanted.range};
        request.order = order;
        TraceCounter sink;
        auto scanner = TraceScanner::Make(context, request, sink);
        return scanner.ok() ? scanner->Send(all).status() : scanner.status();
      };
    }
    for (const bool by_name : {false, true}) {
      reads[by_name ? "AggregateByName" : "Aggregate"] =
          [&all, by_name](const QueryContext& context, const Wanted& wanted) {
            storage::AggregateRequest request{.where = wanted.where, .start_time = wanted.range};
            if (by_name) request.group_by = {Intrinsic::kName};
            return AggregateSpans(context, all, request).status();
          };
    }
    reads["Measure"] = [&all](const QueryContext& context, const Wanted& wanted) {
      storage::MeasureRequest request{.where = wanted.where, .start_time = wanted.range};
      request.measures = {{storage::MeasureKind::kSum, Intrinsic::kDuration}};
      return MeasureSpans(context, all, request).status();
    };
    reads["ValueCounts"] = [&all](const QueryContext& context, const Wanted& wanted) {
      return CountValues(context, all,
                         {.a = wanted.where, .b = wanted.where, .start_time = wanted.range})
          .status();
    };
    reads["Names"] = [&all](const QueryContext& context, const Wanted& wanted) {
      return ListNames(context, all, {.where = wanted.where, .start_time = wanted.range}).status();
    };
    reads["Values"] = [&all](const QueryContext& context, const Wanted& wanted) {
      storage::ValuesRequest request{
          .field = Intrinsic::kName, .where = wanted.where, .start_time = wanted.range};
      return ListValues(context, all, request).status();
    };
    reads["TagNames"] = [&all](const QueryContext& context, const Wanted& wanted) {
      return ListTagNames(context, all, wanted.where, wanted.range, 100).status();
    };
    reads["TagValues"] = [&all](const QueryContext& context, const Wanted& wanted) {
      return ListTagValues(context, all, Intrinsic::kName, wanted.where, wanted.range, 100)
          .status();
    };
    reads["ListTraces"] = [&all](const QueryContext& context, const Wanted& wanted) {
      return ListTraces(context, all, wanted.where, wanted.range).status();
    };
    return reads;
  }

  Inspected InspectedBy(const storage::MeasureRequest& request) const {
    const QueryContext context;
    EXPECT_TRUE(MeasureSpans(context, places_.snapshot(), request).ok());
    return context.inspected();
  }
  Inspected InspectedBy(const storage::TraceScanRequest& request, TraceCounter* sink) const {
    const QueryContext context;
    auto scanner = TraceScanner::Make(context, request, *sink);
    EXPECT_TRUE(scanner.ok() && scanner->Send(places_.snapshot()).ok());
    return context.inspected();
  }

  TestPlaces places_;
};

Predicate Is(storage::Field field, CompareOp op, std::string text) {
  return Predicate::Compare(std::move(field), op, std::move(text));
}

storage::Field OfSpan(const char* key) {
  return AttributeField{AttributeScope::kSpan, key};
}

TEST_F(PushdownTest, EveryReadPassesOverWhatCannotMatch) {
  const std::map<std::string, Wanted> questions = {
      {"time", {{}, {StartOfPart(2), StartOfPart(3)}}},
      {"service", {Is(Intrinsic::kServiceName, CompareOp::kEqual, "service-2"), {}}},
      {"name", {Is(Intrinsic::kName, CompareOp::kMatches, "^root-2$"), {}}},
      {"value", {Is(OfSpan("part"), CompareOp::kEqual, "value-2"), {}}},
  };
  for (const auto& [by, wanted] : questions) {
    for (const auto& [name, read] : ReadsWithConditions()) {
      const QueryContext context;
      ASSERT_TRUE(read(context, wanted).ok()) << name << " by " << by;
      // A read may look at the rows of that part to list traces, and again to read these.
      EXPECT_LE(context.inspected().spans, 2 * kRowsOfPart) << name << " by " << by;
    }
  }
}

TEST_F(PushdownTest, EveryReadCompilesAPatternOnce) {
  places_.AddHead({{.trace = 900, .service = "service-1"}, {.trace = 901, .service = "other"}});
  places_.AddHead({{.trace = 902, .service = "service-3"}});
  const Predicate two = Predicate::Or({Is(Intrinsic::kServiceName, CompareOp::kMatches, "ice-[13]"),
                                       Is(OfSpan("route"), CompareOp::kMatches, "/[0-2]$"),
                                       Is(Intrinsic::kName, CompareOp::kMatches, "/[0-2]$")});
  const Predicate of_services = Is(Intrinsic::kServiceName, CompareOp::kMatches, "ice-[13]");
  for (const auto& [name, read] : ReadsWithConditions()) {
    base::ByteBudget budget(size_t{64} << 20);
    const QueryContext context({.memory = &budget});
    uint64_t before = storage::Regexes::CompiledSoFar();
    EXPECT_TRUE(read(context, {two, {}}).ok()) << name;
    EXPECT_EQ(storage::Regexes::CompiledSoFar() - before, 2U) << name;
    before = storage::Regexes::CompiledSoFar();
    EXPECT_TRUE(read(context, {of_services, {}}).ok()) << name;
    EXPECT_EQ(storage::Regexes::CompiledSoFar() - before, 1U) << name;
    EXPECT_EQ(budget.used(), 0U) << name;
  }
}

TEST_F(PushdownTest, PatternsThatAreNotPushedDownAreCompiledOnceToo) {
  const QueryContext context;
  storage::TraceScanRequest request;
  const auto matches = [](FieldRef field, const char* pattern) {
    return Expression::Compare(CompareOp::kMatches, Expression::Of(std::move(field)),
                               Expression::Constant(std::string(pattern)));
  };
  request.where =
      Expression::And({matches(FieldRef::OfParent(Intrinsic::kName), "^root"),
                       matches(Intrinsic::kName, "child"), matches(Intrinsic::kRootName, "^root")});
  TraceCounter sink;
  const uint64_t before = storage::Regexes::CompiledSoFar();
  auto scanner = TraceScanner::Make(context, request, sink);
  ASSERT_TRUE(scanner.ok() && scanner->Send(places_.snapshot()).ok());
  EXPECT_EQ(storage::Regexes::CompiledSoFar() - before, 2U);
  EXPECT_EQ(sink.ids.size(), kParts * kTracesOfPart);
}

TEST_F(PushdownTest, EveryReadStopsBetweenRowGroups) {
  for (const auto& [name, read] : ReadsWithConditions()) {
    // Takes back the question once anything was looked at.
    const QueryContext* asked = nullptr;
    const QueryContext context({.progress = [&asked](const Inspected&) { asked->Cancel(); }});
    asked = &context;
    const Predicate where = Is(OfSpan("route"), CompareOp::kNotEqual, "/route/1");
    EXPECT_EQ(read(context, {where, {}}).code(), StatusCode::kCancelled) << name;
    // Two threads may look at a row group each.
    EXPECT_LE(context.inspected().spans, 2 * kRowsOfPart) << name;
  }
}

TEST_F(PushdownTest, AMeasureReadsOnlyTheColumnsThatItNeeds) {
  storage::MeasureRequest request;
  request.measures = {{storage::MeasureKind::kSum, Intrinsic::kDuration}};
  request.group_by = {Intrinsic::kServiceName, Intrinsic::kName};
  EXPECT_EQ(InspectedBy(request).bytes, 0U);
  EXPECT_EQ(InspectedBy(request).spans, kParts * kRowsOfPart);
  // A condition on columns needs no message either.
  request.where = Is(OfSpan("route"), CompareOp::kEqual, "/route/1");
  EXPECT_EQ(InspectedBy(request).bytes, 0U);

  // Nor does a group by attributes.
  request.where = {};
  request.group_by = {FieldRef(OfSpan("filler")), FieldRef(OfSpan("route"))};
  EXPECT_EQ(InspectedBy(request).bytes, 0U);

  request.measures = {{storage::MeasureKind::kSum, FieldRef(OfSpan("size"))}};
  request.group_by = {FieldRef(OfSpan("route"))};
  const uint64_t of_route = InspectedBy(request).bytes;
  EXPECT_GT(of_route, 0U);
  EXPECT_LT(of_route, kParts * kRowsOfPart * 40);
  request.group_by = {FieldRef(OfSpan("filler"))};
  EXPECT_GT(InspectedBy(request).bytes, kParts * kRowsOfPart * 500);
}

TEST_F(PushdownTest, AScanReadsEachTraceOnce) {
  storage::TraceScanRequest request;
  request.order = storage::ScanOrder::kNewest;
  request.whole_traces = true;
  TraceCounter all;
  const Inspected inspected = InspectedBy(request, &all);
  ASSERT_EQ(all.ids.size(), kParts * kTracesOfPart);
  // Once to find the traces, once to read them.
  EXPECT_EQ(inspected.spans, 2 * kParts * kRowsOfPart);
  EXPECT_EQ(inspected.bytes, 0U);

  // Also where each has to be read to know its place.
  request.where =
      Expression::Compare(CompareOp::kEqual, Expression::Of(FieldRef::OfParent(Intrinsic::kSpanId)),
                          Expression::Constant(SpanIdOf(1).ToHex()));
  TraceCounter again;
  EXPECT_EQ(InspectedBy(request, &again).spans, 2 * kParts * kRowsOfPart);
  EXPECT_EQ(again.ids, all.ids);
}

TEST_F(PushdownTest, AScanEndsWhereItsLimitIs) {
  storage::TraceScanRequest request;
  request.order = storage::ScanOrder::kNewest;
  request.limit = 3;
  TraceCounter limited;
  EXPECT_LE(InspectedBy(request, &limited).spans, 2 * kRowsOfPart);
  EXPECT_EQ(limited.ids.size(), 3U);

  request.limit = SIZE_MAX;
  TraceCounter stopping;
  stopping.limit = 3;
  EXPECT_LE(InspectedBy(request, &stopping).spans, 2 * kRowsOfPart);
  EXPECT_EQ(stopping.ids, limited.ids);
  EXPECT_EQ(limited.ids[0], TraceIdOf(kParts * kTracesOfPart));
}

// But for those of which a filter says that they may have spans in other parts.
TEST_F(PushdownTest, TracesThatLackWhatIsNeededAreNotRead) {
  for (const auto order : {storage::ScanOrder::kNewest, storage::ScanOrder::kUnordered}) {
    storage::TraceScanRequest request;
    request.order = order;
    request.whole_traces = true;
    request.needs = {Expression::Compare(CompareOp::kEqual,
                                         Expression::Of(FieldRef(OfSpan("size"))),
                                         Expression::Constant(int64_t{3}))};
    TraceCounter found;
    const uint64_t looked_at = kParts * kRowsOfPart;
    EXPECT_LT(InspectedBy(request, &found).spans, looked_at + looked_at / 3);
    for (size_t part = 0; part < kParts; ++part) {
      const auto wanted = TraceIdOf(1 + part * kTracesOfPart + 3);
      EXPECT_EQ(std::count(found.ids.begin(), found.ids.end(), wanted), 1);
    }
  }
}

TEST_F(PushdownTest, TracesAreLookedForWithinTheirHints) {
  // One trace that goes through all parts and some more.
  std::vector<TestSpan> spans;
  for (uint64_t part = 0; part < 8; ++part) {
    places_.AddPart({{.trace = 700, .span = 1 + part, .start = StartOfPart(part)}});
  }
  const auto inspect = [&](storage::TimeRange hint, size_t* found) {
    const QueryContext context;
    SpanCounter sink;
    const std::vector<storage::WantedTrace> wanted = {{TraceIdOf(700), hint}};
    EXPECT_TRUE(TracesReader(context, wanted, sink).Send(places_.snapshot()).ok());
    *found = sink.spans;
    return context.inspected().spans;
  };
  size_t found = 0;
  EXPECT_EQ(inspect({}, &found), 8U);
  EXPECT_EQ(found, 8U);
  EXPECT_EQ(inspect({StartOfPart(2), StartOfPart(4)}, &found), 2U);
  EXPECT_EQ(found, 2U);
  EXPECT_EQ(inspect({StartOfPart(20), StartOfPart(40)}, &found), 0U);
  EXPECT_EQ(found, 0U);
}

TEST_F(PushdownTest, ValuesOfWhatIsNowhereAreKnownWithoutALook) {
  for (const auto scope : {AttributeScope::kSpan, AttributeScope::kEvent, AttributeScope::kLink,
                           AttributeScope::kUnscoped, AttributeScope::kAny}) {
    const AttributeField nowhere{scope, "nowhere", {"not.here.either"}};
    const QueryContext context;
    const auto values = ListValues(context, places_.snapshot(), {.field = nowhere});
    ASSERT_TRUE(values.ok());
    EXPECT_TRUE(values->values.empty());
    EXPECT_EQ(context.inspected().spans, 0U);
    if (scope == AttributeScope::kUnscoped) continue;
    EXPECT_TRUE(ListTagValues(context, places_.snapshot(), nowhere, {}, {}, 10)->empty());
    EXPECT_EQ(context.inspected().spans, 0U);
  }
}

TEST_F(PushdownTest, OneSpanIsReadAlone) {
  const auto bytes_of = [&](const std::function<Status(const QueryContext&)>& read) {
    const QueryContext context;
    EXPECT_TRUE(read(context).ok());
    return context.inspected().bytes;
  };
  const uint64_t of_trace = bytes_of([&](const QueryContext& context) {
    return ReadTrace(context, places_.snapshot(), TraceIdOf(1)).status();
  });
  const uint64_t of_span = bytes_of([&](const QueryContext& context) {
    return ReadSpan(context, places_.snapshot(), TraceIdOf(1), SpanIdOf(2)).status();
  });
  EXPECT_GT(of_span, 500U);
  EXPECT_LT(of_span, of_trace * 2 / 3);
}

TEST_F(PushdownTest, SpansThatAreHandedOverHoldTheirMemory) {
  base::ByteBudget budget(1 << 20);
  {
    base::Result<span::SpanBatch> trace = Status(StatusCode::kUnknown, "not asked");
    {
      const QueryContext context({.memory = &budget});
      trace = ReadTrace(context, places_.snapshot(), TraceIdOf(1));
    }
    ASSERT_TRUE(trace.ok());
    EXPECT_GE(budget.used(), trace->byte_size());
  }
  EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace spandrel::columnar
