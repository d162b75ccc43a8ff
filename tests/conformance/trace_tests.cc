// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "conformance/random_expressions.h"
#include "conformance/reference_store.h"
#include "conformance/suite_steps.h"
#include "span/span_view.h"
#include "storage/regexes.h"

namespace spandrel::conformance {
namespace {

using storage::AttributeField;
using storage::AttributeScope;
using storage::CompareOp;
using storage::Expression;
using storage::FieldRef;
using storage::Intrinsic;
using storage::OptionalValue;
using storage::Value;

constexpr uint64_t kSecond = 1'000'000'000;

FieldRef Attribute(const std::string& key, AttributeScope scope = AttributeScope::kSpan) {
  return AttributeField{scope, key};
}

Expression Equals(FieldRef field, Value value) {
  return Expression::Compare(CompareOp::kEqual, Expression::Of(std::move(field)),
                             Expression::Constant(std::move(value)));
}

class Slices final : public storage::TraceSink {
 public:
  explicit Slices(size_t wanted = SIZE_MAX) : wanted_(wanted) {}
  bool OnTrace(storage::TraceSlice&& slice) override {
    slices.push_back(std::move(slice));
    return slices.size() < wanted_;
  }
  std::vector<storage::TraceSlice> slices;

 private:
  const size_t wanted_;
};

class Batches final : public storage::SpansSink {
 public:
  explicit Batches(size_t wanted = SIZE_MAX) : wanted_(wanted) {}
  bool OnSpans(const span::TraceId& trace_id, span::SpanBatch&& spans) override {
    found.emplace_back(trace_id, spans.span_count());
    return found.size() < wanted_;
  }
  std::vector<std::pair<span::TraceId, size_t>> found;

 private:
  const size_t wanted_;
};

// web -> db -> (error), and a span whose parent is not there.
std::vector<TestSpan> SmallTrace() {
  return {{.trace = 1, .span = 1, .service = "web", .name = "GET", .start = 100, .duration = 50},
          {.trace = 1,
           .span = 2,
           .parent = 1,
           .service = "db",
           .start = 110,
           .duration = 20,
           .status = span::SpanStatus::kError,
           .attributes = {{"tags", TestArray{std::string("red"), std::string("blue")}},
                          {"rows", int64_t{7}}}},
          {.trace = 1, .span = 3, .parent = 2, .service = "db", .start = 112, .duration = 90},
          {.trace = 1, .span = 4, .parent = 99, .service = "lost", .start = 115, .duration = 1}};
}

void GetsSeveralTracesInTheirOrder(StoreUnderTest& store) {
  AppendSpans(store, {{.trace = 1}, {.trace = 2, .span = 1}, {.trace = 2, .span = 2}});
  InEveryState(store, [&](const std::string& state) {
    const std::vector<storage::WantedTrace> wanted = {
        {TraceIdOf(2), {}}, {TraceIdOf(7), {}}, {TraceIdOf(1), {0, 2 * kSecond}}};
    Batches all;
    ASSERT_TRUE(store.reader().GetTraces({}, wanted, all).ok()) << state;
    EXPECT_EQ(all.found,
              (std::vector<std::pair<span::TraceId, size_t>>{{TraceIdOf(2), 2}, {TraceIdOf(1), 1}}))
        << state;
    Batches first(1);
    ASSERT_TRUE(store.reader().GetTraces({}, wanted, first).ok()) << state;
    EXPECT_EQ(first.found.size(), 1U) << state;
  });
}

void GetsOneSpan(StoreUnderTest& store) {
  AppendSpans(store, SmallTrace());
  InEveryState(store, [&](const std::string& state) {
    const auto span = store.reader().GetSpan({}, TraceIdOf(1), SpanIdOf(2));
    ASSERT_TRUE(span.ok()) << state;
    ASSERT_EQ(span->span_count(), 1U) << state;
    span::ForEachSpan(*span, [&](const span::SpanRef& found) {
      EXPECT_EQ(found.entry().span_id, SpanIdOf(2)) << state;
      EXPECT_EQ(found.service_name(), "db") << state;
    });
    EXPECT_EQ(store.reader().GetSpan({}, TraceIdOf(1), SpanIdOf(9)).status().code(),
              base::StatusCode::kNotFound);
    EXPECT_EQ(store.reader().GetSpan({}, TraceIdOf(9), SpanIdOf(1)).status().code(),
              base::StatusCode::kNotFound);
  });
}

void ScansWholeTracesAsColumns(StoreUnderTest& store) {
  if (!store.reader().capabilities().trace_scan) return;
  AppendSpans(store, SmallTrace());
  AppendSpans(store, {{.trace = 2, .service = "web"}});
  storage::TraceScanRequest request;
  request.where = Expression::And({Equals(FieldRef::OfParent(Intrinsic::kServiceName), "web"),
                                   Equals(Intrinsic::kStatus, "error")});
  request.fields = {Intrinsic::kServiceName, Attribute("tags"), Intrinsic::kNestedSetParent,
                    Attribute("rows", AttributeScope::kUnscoped), Intrinsic::kChildCount};
  request.whole_traces = true;
  InEveryState(store, [&](const std::string& state) {
    Slices found;
    ASSERT_TRUE(store.reader().TraceScan({}, request, found).ok()) << state;
    ASSERT_EQ(found.slices.size(), 1U) << state;
    const storage::TraceSlice& slice = found.slices[0];
    EXPECT_EQ(slice.trace_id, TraceIdOf(1));
    EXPECT_EQ(slice.parents, (std::vector<int32_t>{storage::kNoParent, 0, 1, storage::kOrphan}));
    EXPECT_EQ(slice.matched, (std::vector<uint8_t>{0, 1, 0, 0}));
    EXPECT_EQ(slice.starts, (std::vector<uint64_t>{100, 110, 112, 115}));
    EXPECT_EQ(slice.durations, (std::vector<uint64_t>{50, 20, 90, 1}));
    EXPECT_EQ(slice.fields[0].values, (std::vector<Value>{"web", "db", "db", "lost"}));
    if (store.promised().typed_values) {
      EXPECT_EQ(slice.fields[1].ends, (std::vector<uint32_t>{0, 2, 2, 2}));
      EXPECT_EQ(slice.fields[1].values, (std::vector<Value>{"red", "blue"}));
    } else {
      EXPECT_EQ(slice.fields[1].ends, (std::vector<uint32_t>{0, 1, 1, 1}));
      EXPECT_EQ(slice.fields[1].values, (std::vector<Value>{R"(["red","blue"])"}));
    }
    EXPECT_EQ(slice.fields[2].values,
              (std::vector<Value>{int64_t{-1}, int64_t{1}, int64_t{2}, int64_t{0}}));
    EXPECT_EQ(slice.fields[3].ends, (std::vector<uint32_t>{0, 1, 1, 1}));
    EXPECT_EQ(slice.fields[4].values,
              (std::vector<Value>{int64_t{1}, int64_t{1}, int64_t{0}, int64_t{0}}));
  });
}

void AsksConditionsAndOperandsOfEveryRow(StoreUnderTest& store) {
  if (!store.reader().capabilities().trace_scan) return;
  AppendSpans(store, SmallTrace());
  storage::TraceScanRequest request;
  request.where = Equals(Intrinsic::kName, "GET");
  const auto rows = Expression::Of(Attribute("rows"));
  request.conditions = {
      Expression::Compare(CompareOp::kMatches, Expression::Of(FieldRef(Intrinsic::kServiceName)),
                          Expression::Constant(std::string("^d"))),
      Expression::Not(Expression::Exists(Attribute("rows"))),
      Equals(FieldRef::OfParent(Intrinsic::kServiceName), "web")};
  request.operands = {
      Expression::Arithmetic(storage::ArithmeticOp::kMultiply, rows,
                             Expression::Constant(int64_t{2})),
      Expression::Compare(CompareOp::kGreater, Expression::Of(FieldRef(Intrinsic::kDuration)),
                          Expression::Constant(int64_t{30}))};
  request.whole_traces = true;
  InEveryState(store, [&](const std::string& state) {
    Slices found;
    ASSERT_TRUE(store.reader().TraceScan({}, request, found).ok()) << state;
    ASSERT_EQ(found.slices.size(), 1U) << state;
    const storage::TraceSlice& slice = found.slices[0];
    EXPECT_EQ(slice.holds,
              (std::vector<std::vector<uint8_t>>{{0, 1, 1, 0}, {1, 0, 1, 1}, {0, 1, 0, 0}}))
        << state;
    if (store.promised().typed_values) {
      EXPECT_EQ(slice.operands[0].ends, (std::vector<uint32_t>{0, 1, 1, 1})) << state;
      EXPECT_EQ(slice.operands[0].values, (std::vector<Value>{int64_t{14}})) << state;
    }
    EXPECT_EQ(slice.operands[1].values, (std::vector<Value>{true, false, true, false})) << state;
  });
  request.conditions = {
      Expression::Compare(CompareOp::kMatches, rows, Expression::Constant(std::string("(")))};
  Slices none;
  EXPECT_EQ(store.reader().TraceScan({}, request, none).code(), base::StatusCode::kInvalidArgument);
}

void ScansOnlyMatchingSpans(StoreUnderTest& store) {
  if (!store.reader().capabilities().trace_scan) return;
  AppendSpans(store, SmallTrace());
  storage::TraceScanRequest request;
  request.where = Expression::Or(
      {Equals(Intrinsic::kServiceName, "db"), Equals(Intrinsic::kServiceName, "lost")});
  InEveryState(store, [&](const std::string& state) {
    Slices found;
    ASSERT_TRUE(store.reader().TraceScan({}, request, found).ok()) << state;
    ASSERT_EQ(found.slices.size(), 1U) << state;
    EXPECT_EQ(found.slices[0].span_ids,
              (std::vector<span::SpanId>{SpanIdOf(2), SpanIdOf(3), SpanIdOf(4)}));
    EXPECT_EQ(found.slices[0].parents,
              (std::vector<int32_t>{storage::kParentLeftOut, 0, storage::kOrphan}));
  });
}

void ScansNewestFirstAndStopsWhenTold(StoreUnderTest& store) {
  if (!store.reader().capabilities().trace_scan) return;
  for (uint64_t trace = 1; trace <= 9; ++trace) {
    AppendSpans(store, {{.trace = trace, .start = kSecond * (1 + trace * 7 % 9)}});
  }
  storage::TraceScanRequest request;
  request.order = storage::ScanOrder::kNewest;
  InEveryState(store, [&](const std::string& state) {
    Slices all;
    ASSERT_TRUE(store.reader().TraceScan({}, request, all).ok()) << state;
    ASSERT_EQ(all.slices.size(), 9U) << state;
    for (size_t i = 1; i < all.slices.size(); ++i) {
      EXPECT_GE(all.slices[i - 1].starts[0], all.slices[i].starts[0]) << state;
    }
    Slices few(2);
    ASSERT_TRUE(store.reader().TraceScan({}, request, few).ok()) << state;
    EXPECT_EQ(few.slices.size(), 2U) << state;
    EXPECT_EQ(few.slices[0].trace_id, all.slices[0].trace_id) << state;
  });
}

// Where all values are texts, 1 and "1" are one group, and no text is a number.
void ExpectMeasuresOfTexts(const storage::MeasureResult& result, const std::string& state) {
  ASSERT_EQ(result.series.size(), 2U) << state;
  EXPECT_EQ(result.series[0].group, (std::vector<OptionalValue>{Value("1")})) << state;
  const storage::MeasureBucket& bucket = result.series[0].buckets.at(0);
  EXPECT_EQ(bucket.spans, 3U) << state;
  EXPECT_EQ(bucket.measures[0].count, 0U) << state;
  EXPECT_EQ(bucket.measures[3].count, 3U) << state;
  EXPECT_EQ(result.series[1].group, (std::vector<OptionalValue>{std::nullopt})) << state;
}

void MeasuresAnyFieldByTypedGroups(StoreUnderTest& store) {
  if (!store.reader().capabilities().measure) return;
  AppendSpans(store,
              {{.span = 1, .start = 10, .attributes = {{"k", int64_t{1}}, {"v", 2.5}}},
               {.span = 2, .start = 20, .attributes = {{"k", std::string("1")}, {"v", int64_t{4}}}},
               {.span = 3, .start = 30, .attributes = {{"k", int64_t{1}}, {"v", int64_t{-3}}}},
               {.span = 4, .start = 40, .attributes = {{"v", std::string("text")}}}});
  storage::MeasureRequest request;
  request.group_by = {Attribute("k")};
  request.measures = {{storage::MeasureKind::kSum, Attribute("v")},
                      {storage::MeasureKind::kMin, Attribute("v")},
                      {storage::MeasureKind::kHistogram, Attribute("v")},
                      {storage::MeasureKind::kCount, std::nullopt}};
  request.exemplars = 1;
  InEveryState(store, [&](const std::string& state) {
    const auto result = store.reader().Measure({}, request);
    ASSERT_TRUE(result.ok()) << state;
    if (!store.promised().typed_values) return ExpectMeasuresOfTexts(*result, state);
    ASSERT_EQ(result->series.size(), 3U) << state;
    EXPECT_EQ(result->series[0].group, (std::vector<OptionalValue>{Value(int64_t{1})})) << state;
    const storage::MeasureBucket& ints = result->series[0].buckets.at(0);
    EXPECT_EQ(ints.spans, 2U);
    EXPECT_EQ(ints.measures[0].sum, -0.5);
    EXPECT_EQ(ints.measures[1].min, storage::Number(int64_t{-3}));
    EXPECT_EQ(ints.measures[2].histogram.count(), 2U);
    EXPECT_EQ(ints.measures[3].count, 2U);
    ASSERT_EQ(ints.exemplars.size(), 1U);
    EXPECT_EQ(ints.exemplars[0].trace_id, TraceIdOf(1));
    EXPECT_EQ(result->series[1].group, (std::vector<OptionalValue>{std::nullopt})) << state;
    EXPECT_EQ(result->series[1].buckets.at(0).measures[0].count, 0U) << "a text is no number";
    EXPECT_EQ(result->series[2].group, (std::vector<OptionalValue>{Value("1")})) << state;
  });
}

void CountsTheValuesOfTwoSelections(StoreUnderTest& store) {
  if (!store.reader().capabilities().value_counts) return;
  AppendSpans(store, {{.span = 1,
                       .status = span::SpanStatus::kError,
                       .attributes = {{"k", std::string("x")}, {"n", int64_t{1}}}},
                      {.span = 2, .attributes = {{"k", std::string("y")}}},
                      {.span = 3, .attributes = {{"k", std::string("y")}}}});
  storage::ValueCountsRequest request;
  request.a = Equals(Intrinsic::kStatus, "error");
  request.b = Expression::Not(request.a);
  request.scopes = {AttributeScope::kSpan};
  request.intrinsics = {Intrinsic::kName};
  InEveryState(store, [&](const std::string& state) {
    const auto result = store.reader().ValueCounts({}, request);
    ASSERT_TRUE(result.ok()) << state;
    EXPECT_EQ(result->a, 1U) << state;
    EXPECT_EQ(result->b, 2U) << state;
    ASSERT_EQ(result->fields.size(), 3U) << state;
    EXPECT_EQ(storage::FieldName(result->fields[0].field), "name") << state;
    const storage::FieldCounts& k = result->fields[1];
    EXPECT_EQ(storage::FieldName(k.field), "span.k") << state;
    ASSERT_EQ(k.values.size(), 2U) << state;
    EXPECT_EQ(k.values[0].value, Value("y")) << state;
    EXPECT_EQ(k.values[0].b, 2U) << state;
    EXPECT_EQ(k.values[1].a, 1U) << state;
    EXPECT_EQ(result->fields[2].a, 1U) << state;
  });
}

// With more values than may be told apart, some are missing; what is there is exact.
void TellsApartAsManyValuesAsItMay(StoreUnderTest& store) {
  if (!store.reader().capabilities().value_counts) return;
  std::vector<TestSpan> spans;
  for (uint64_t i = 1; i <= 40; ++i) {
    spans.push_back({.trace = i, .attributes = {{"k", "v" + std::to_string(i % 10)}}});
  }
  AppendSpans(store, spans);
  storage::ValueCountsRequest request;
  request.scopes = {AttributeScope::kSpan};
  InEveryState(store, [&](const std::string& state) {
    for (const size_t max_distinct : {0, 4, 10, 11}) {
      request.max_distinct = max_distinct;
      const auto result = store.reader().ValueCounts({}, request);
      ASSERT_TRUE(result.ok()) << state;
      EXPECT_EQ(result->a, 40U) << state;
      EXPECT_EQ(result->truncated, max_distinct < 10) << state << " " << max_distinct;
      const size_t found = result->fields.empty() ? 0 : result->fields[0].values.size();
      EXPECT_EQ(found, std::min<size_t>(max_distinct, 10)) << state;
      if (found == 0) continue;
      EXPECT_FALSE(result->fields[0].truncated) << state;
      for (const storage::CountedValue& value : result->fields[0].values) {
        EXPECT_EQ(value.a, 4U) << state;
      }
    }
  });
}

void ListsNamesAndValues(StoreUnderTest& store) {
  if (!store.reader().capabilities().catalog) return;
  AppendSpans(store,
              {{.span = 1, .service = "a", .attributes = {{"code", int64_t{200}}}},
               {.span = 2, .service = "b", .attributes = {{"code", int64_t{200}}}},
               {.span = 3,
                .service = "b",
                .attributes = {{"code", std::string("100")}, {"tags", TestArray{1.5, true}}}}});
  InEveryState(store, [&](const std::string& state) {
    storage::NamesRequest names;
    names.scopes = {AttributeScope::kSpan};
    names.order = storage::CatalogOrder::kFrequency;
    const auto found = store.reader().Names({}, names);
    ASSERT_TRUE(found.ok()) << state;
    EXPECT_EQ(found->names, (std::vector<storage::NameCount>{{{AttributeScope::kSpan, "code"}, 3},
                                                             {{AttributeScope::kSpan, "tags"}, 1}}))
        << state;
    storage::ValuesRequest values;
    values.field = Attribute("code");
    const auto codes = store.reader().Values({}, values);
    ASSERT_TRUE(codes.ok()) << state;
    ASSERT_EQ(codes->values.size(), 2U) << state;
    EXPECT_EQ(codes->values[0].value, Value("100")) << state;
    const Value wanted = store.promised().typed_values ? Value(int64_t{200}) : Value("200");
    EXPECT_EQ(codes->values[1].value, wanted) << state;
    EXPECT_EQ(codes->values[1].spans, 2U) << state;
    values.prefix = "2";
    EXPECT_EQ(store.reader().Values({}, values)->values.size(), 1U) << state;
    values = {
        .field = Intrinsic::kServiceName, .order = storage::CatalogOrder::kFrequency, .limit = 1};
    const auto services = store.reader().Values({}, values);
    ASSERT_EQ(services->values.size(), 1U) << state;
    EXPECT_EQ(services->values[0].value, Value("b")) << state;
    EXPECT_TRUE(services->truncated) << state;
  });
}

// Every read by its name, on one store.
std::map<std::string, base::Status> AskEverything(storage::Reader& reader,
                                                  const storage::QueryContext& context) {
  Slices slices;
  Batches batches;
  storage::MeasureRequest measure;
  measure.measures = {{}};
  const storage::Capabilities can = reader.capabilities();
  std::map<std::string, base::Status> answers;
  answers["GetTrace"] = reader.GetTrace(context, TraceIdOf(1)).status();
  answers["GetTraces"] = reader.GetTraces(context, {{TraceIdOf(1), {}}}, batches);
  answers["GetSpan"] = reader.GetSpan(context, TraceIdOf(1), SpanIdOf(1)).status();
  answers["Search"] = reader.Search(context, {}).status();
  answers["Slowest"] = reader.Search(context, {.order = storage::Order::kSlowest}).status();
  answers["Aggregate"] = reader.Aggregate(context, {}).status();
  answers["Services"] = reader.Services(context).status();
  answers["Operations"] = reader.Operations(context, "").status();
  answers["TagNames"] = reader.TagNames(context, {}, {}, 10).status();
  answers["TagValues"] = reader.TagValues(context, Intrinsic::kName, {}, {}, 10).status();
  answers["Dependencies"] = reader.Dependencies(context, {}).status();
  if (can.trace_scan) answers["TraceScan"] = reader.TraceScan(context, {}, slices);
  if (can.measure) answers["Measure"] = reader.Measure(context, measure).status();
  if (can.value_counts) answers["ValueCounts"] = reader.ValueCounts(context, {}).status();
  if (can.catalog) answers["Names"] = reader.Names(context, {}).status();
  if (can.catalog) answers["Values"] = reader.Values(context, {}).status();
  return answers;
}

void StopsWhenItIsTold(StoreUnderTest& store) {
  AppendSpans(store, SmallTrace());
  InEveryState(store, [&](const std::string& state) {
    const storage::QueryContext cancelled;
    cancelled.Cancel();
    for (const auto& [read, status] : AskEverything(store.reader(), cancelled)) {
      EXPECT_EQ(status.code(), base::StatusCode::kCancelled) << state << " " << read;
    }
    const storage::QueryContext late({.deadline = std::chrono::steady_clock::now()});
    for (const auto& [read, status] : AskEverything(store.reader(), late)) {
      EXPECT_EQ(status.code(), base::StatusCode::kDeadlineExceeded) << state << " " << read;
    }
    for (const auto& [read, status] : AskEverything(store.reader(), {})) {
      EXPECT_TRUE(status.ok()) << state << " " << read << ": " << status.ToString();
    }
  });
}

// Over budget each read says so, and what it held goes back.
void ReservesWhatItHolds(StoreUnderTest& store) {
  AppendSpans(store, SmallTrace());
  InEveryState(store, [&](const std::string& state) {
    const auto ask_with = [&](size_t bytes, base::StatusCode code) {
      base::ByteBudget budget(bytes);
      const storage::QueryContext context({.memory = &budget});
      for (const auto& [read, status] : AskEverything(store.reader(), context)) {
        EXPECT_EQ(status.code(), code) << state << " " << read << ": " << status.ToString();
        EXPECT_EQ(status.ok(), status.message().empty()) << state << " " << read;
        EXPECT_EQ(budget.used(), 0U) << state << " " << read;
      }
    };
    ask_with(1, base::StatusCode::kResourceExhausted);
    ask_with(size_t{64} << 20, base::StatusCode::kOk);
  });
}

// A regular expression counts with the most that it may take.
void CountsRegularExpressions(StoreUnderTest& store) {
  AppendSpans(store, SmallTrace());
  InEveryState(store, [&](const std::string& state) {
    base::ByteBudget budget(storage::kMaxRegexBytes / 2);
    {
      const storage::QueryContext context({.memory = &budget});
      const auto where = storage::Predicate::Compare(Intrinsic::kName, CompareOp::kMatches, ".");
      EXPECT_EQ(store.reader().Search(context, {.where = where}).status().code(),
                base::StatusCode::kResourceExhausted)
          << state;
      EXPECT_TRUE(store.reader().GetTrace(context, TraceIdOf(1)).ok()) << state;
    }
    EXPECT_EQ(budget.used(), 0U) << state;
  });
}

void RefusesExpressionsThatMakeNoSense(StoreUnderTest& store) {
  if (!store.reader().capabilities().trace_scan) return;
  Slices slices;
  Expression deep;
  for (int i = 0; i < 200; ++i) deep = Expression::Not(std::move(deep));
  const auto code = [&](Expression where) {
    storage::TraceScanRequest request;
    request.where = std::move(where);
    return store.reader().TraceScan({}, request, slices).code();
  };
  EXPECT_EQ(code(deep), base::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Expression::Compare(CompareOp::kMatches, Expression::Of(Intrinsic::kName),
                                     Expression::Constant("("))),
            base::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Expression::Compare(CompareOp::kMatches, Expression::Of(Intrinsic::kName),
                                     Expression::Of(Intrinsic::kKind))),
            base::StatusCode::kInvalidArgument);
}

// The engine equals the literal reading of the contract on random data and random expressions.
void AnswersLikeTheReferenceAboutTraces(StoreUnderTest& store) {
  std::mt19937_64 random(20261130);
  ReferenceStore reference(store.promised());
  for (uint64_t batch = 0; batch < 10; ++batch) {
    const auto spans =
        RandomSpans(random, 1 + batch * 15, 15, 1000 * kSecond + batch * kSecond, 3 * kSecond);
    AppendSpans(store, spans);
    ASSERT_TRUE(AppendAndWait(reference, MakeBatch(spans)).ok());
    if (batch % 4 == 3) store.Settle();
  }
  InEveryState(store, [&](const std::string& state) {
    for (int i = 0; i < 60; ++i) ExpectSameTraceAnswers(random, store.reader(), reference, state);
  });
}

}  // namespace

SuiteTests TraceTests() {
  return {
      {"GetsSeveralTracesInTheirOrder", GetsSeveralTracesInTheirOrder},
      {"GetsOneSpan", GetsOneSpan},
      {"ScansWholeTracesAsColumns", ScansWholeTracesAsColumns},
      {"AsksConditionsAndOperandsOfEveryRow", AsksConditionsAndOperandsOfEveryRow},
      {"ScansOnlyMatchingSpans", ScansOnlyMatchingSpans},
      {"ScansNewestFirstAndStopsWhenTold", ScansNewestFirstAndStopsWhenTold},
      {"MeasuresAnyFieldByTypedGroups", MeasuresAnyFieldByTypedGroups},
      {"CountsTheValuesOfTwoSelections", CountsTheValuesOfTwoSelections},
      {"TellsApartAsManyValuesAsItMay", TellsApartAsManyValuesAsItMay},
      {"ListsNamesAndValues", ListsNamesAndValues},
      {"StopsWhenItIsTold", StopsWhenItIsTold},
      {"ReservesWhatItHolds", ReservesWhatItHolds},
      {"CountsRegularExpressions", CountsRegularExpressions},
      {"RefusesExpressionsThatMakeNoSense", RefusesExpressionsThatMakeNoSense},
      {"AnswersLikeTheReferenceAboutTraces", AnswersLikeTheReferenceAboutTraces},
  };
}

}  // namespace spandrel::conformance
