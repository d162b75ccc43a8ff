// SPDX-License-Identifier: Apache-2.0
#include "conformance/random_expressions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "conformance/kept_spans.h"
#include "conformance/test_spans.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

namespace spandrel::conformance {
namespace {

using storage::AttributeField;
using storage::AttributeScope;
using storage::CompareOp;
using storage::Expression;
using storage::FieldRef;
using storage::Intrinsic;

constexpr uint64_t kFirstStart = 1000'000'000'000;
constexpr uint64_t kLastStart = 1016'000'000'000;

uint64_t Below(std::mt19937_64& random, uint64_t bound) {
  return random() % bound;
}

storage::Value RandomNumber(std::mt19937_64& random) {
  switch (Below(random, 4)) {
    case 0:
      return static_cast<double>(Below(random, 24)) / 2;
    case 1:
      return static_cast<int64_t>(uint64_t{1} << Below(random, 34));
    case 2:
      return -static_cast<int64_t>(Below(random, 5));
    default:
      return static_cast<int64_t>(Below(random, 12));
  }
}

std::string RandomText(std::mt19937_64& random) {
  static constexpr std::array<const char*, 12> kTexts = {
      "a",           "b",     "10",     "true",  "service-0", "service-1",
      "operation-2", "error", "server", "retry", "ERROR",     ""};
  return kTexts[Below(random, kTexts.size())];
}

Expression RandomOperand(std::mt19937_64& random, int depth);

// An operand that is no constant text or flag.
Expression RandomNumeric(std::mt19937_64& random, int depth) {
  using storage::ArithmeticOp;
  switch (depth <= 0 ? Below(random, 2) : Below(random, 5)) {
    case 0:
      return Expression::Constant(RandomNumber(random));
    case 1:
    case 2:
      return Expression::Of(RandomFieldRef(random));
    case 3:
      return Expression::Negate(RandomNumeric(random, depth - 1));
    default:
      return Expression::Arithmetic(static_cast<ArithmeticOp>(Below(random, 6)),
                                    RandomNumeric(random, depth - 1),
                                    RandomNumeric(random, depth - 1));
  }
}

Expression RandomOperand(std::mt19937_64& random, int depth) {
  switch (Below(random, 8)) {
    case 0:
      return Expression::Constant(RandomText(random));
    case 1:
      return Expression::Constant(Below(random, 2) == 0);
    case 2:
      if (Below(random, 4) == 0) return Expression::Constant(std::nullopt);
      return depth > 0 ? RandomExpression(random, depth - 1) : RandomNumeric(random, 0);
    default:
      return RandomNumeric(random, depth);
  }
}

Expression RandomComparison(std::mt19937_64& random, int depth) {
  const auto op = static_cast<CompareOp>(Below(random, 9));
  const bool wants_text =
      op == CompareOp::kMatches || op == CompareOp::kDoesNotMatch || op == CompareOp::kTextEqual;
  if (wants_text) {
    return Expression::Compare(op, RandomOperand(random, depth),
                               Expression::Constant(RandomText(random)));
  }
  if (op != CompareOp::kEqual && op != CompareOp::kNotEqual) {
    return Expression::Compare(op, RandomNumeric(random, depth), RandomNumeric(random, depth));
  }
  return Expression::Compare(op, RandomOperand(random, depth), RandomOperand(random, depth));
}

storage::TimeRange RandomRange(std::mt19937_64& random) {
  if (Below(random, 3) == 0) return {};
  const uint64_t min = kFirstStart + Below(random, kLastStart - kFirstStart);
  return {min, min + 1 + Below(random, kLastStart - kFirstStart)};
}

// Keeps what it is given.
class Slices final : public storage::TraceSink {
 public:
  bool OnTrace(storage::TraceSlice&& slice) override {
    order.push_back(slice.trace_id);
    by_id.emplace(slice.trace_id, std::move(slice));
    return true;
  }

  std::vector<span::TraceId> order;
  std::map<span::TraceId, storage::TraceSlice> by_id;
};

// Equal, or neither a number: arithmetic of random values makes such.
bool IsSameValue(const storage::Value& a, const storage::Value& b) {
  const auto* const x = std::get_if<double>(&a);
  const auto* const y = std::get_if<double>(&b);
  return x != nullptr && y != nullptr && std::isnan(*x) ? std::isnan(*y) : a == b;
}

void ExpectSameColumn(const storage::FieldColumn& got, const storage::FieldColumn& wanted,
                      const std::string& state) {
  EXPECT_EQ(got.ends, wanted.ends) << state;
  const bool same = std::equal(got.values.begin(), got.values.end(), wanted.values.begin(),
                               wanted.values.end(), IsSameValue);
  EXPECT_TRUE(same) << state << ": " << ::testing::PrintToString(got.values) << " and not "
                    << ::testing::PrintToString(wanted.values);
}

void ExpectSameSlice(const storage::TraceSlice& got, const storage::TraceSlice& wanted,
                     const std::string& state) {
  EXPECT_EQ(got.weight, wanted.weight) << state;
  EXPECT_EQ(got.span_ids, wanted.span_ids) << state;
  EXPECT_EQ(got.parents, wanted.parents) << state;
  EXPECT_EQ(got.starts, wanted.starts) << state;
  EXPECT_EQ(got.durations, wanted.durations) << state;
  EXPECT_EQ(got.matched, wanted.matched) << state;
  ASSERT_EQ(got.fields.size(), wanted.fields.size()) << state;
  for (size_t i = 0; i < got.fields.size(); ++i) {
    ExpectSameColumn(got.fields[i], wanted.fields[i], state);
  }
  EXPECT_EQ(got.holds, wanted.holds) << state;
  ASSERT_EQ(got.operands.size(), wanted.operands.size()) << state;
  for (size_t i = 0; i < got.operands.size(); ++i) {
    ExpectSameColumn(got.operands[i], wanted.operands[i], state);
  }
}

// What many spans share, and their times: what an engine may answer without looking at spans.
FieldRef RandomSharedField(std::mt19937_64& random) {
  const std::vector<FieldRef> shared = {Intrinsic::kServiceName,
                                        Intrinsic::kName,
                                        Intrinsic::kStatus,
                                        Intrinsic::kKind,
                                        Intrinsic::kStartTime,
                                        Intrinsic::kDuration,
                                        AttributeField{AttributeScope::kResource, "service.name"}};
  return shared[Below(random, shared.size())];
}

storage::TraceScanRequest RandomScanOfSharedFields(std::mt19937_64& random) {
  storage::TraceScanRequest request;
  request.where = RandomExpression(random, static_cast<int>(Below(random, 2)));
  request.whole_traces = true;
  for (size_t i = Below(random, 4); i > 0; --i) request.fields.push_back(RandomSharedField(random));
  for (size_t i = Below(random, 3); i > 0; --i) {
    request.conditions.push_back(RandomExpression(random, static_cast<int>(Below(random, 2))));
    request.operands.push_back(Expression::Of(RandomSharedField(random)));
  }
  return request;
}

storage::TraceScanRequest RandomScan(std::mt19937_64& random) {
  if (Below(random, 2) == 0) return RandomScanOfSharedFields(random);
  storage::TraceScanRequest request;
  request.where = RandomExpression(random, 3);
  for (size_t i = Below(random, 4); i > 0; --i) request.fields.push_back(RandomFieldRef(random));
  for (size_t i = Below(random, 3); i > 0; --i) {
    request.conditions.push_back(RandomExpression(random, 2));
    request.operands.push_back(RandomOperand(random, 2));
  }
  request.whole_traces = Below(random, 2) == 0;
  return request;
}

void ExpectSameScan(std::mt19937_64& random, storage::Reader& engine, storage::Reader& reference,
                    const std::string& state) {
  storage::TraceScanRequest request = RandomScan(random);
  request.start_time = RandomRange(random);
  request.order = static_cast<storage::ScanOrder>(Below(random, 2));
  Slices wanted;
  ASSERT_TRUE(reference.TraceScan({}, request, wanted).ok());
  if (Below(random, 2) == 0) request.limit = Below(random, 20);
  Slices got;
  const base::Status status = engine.TraceScan({}, request, got);
  if (!engine.capabilities().trace_scan) {
    EXPECT_EQ(status.code(), base::StatusCode::kUnimplemented);
    return;
  }
  const std::string where = state + ": " + request.where.ToString();
  ASSERT_TRUE(status.ok()) << where << ": " << status.ToString();
  ASSERT_EQ(got.order.size(), std::min(request.limit, wanted.order.size())) << where;
  ASSERT_EQ(got.by_id.size(), got.order.size()) << where;
  for (size_t i = 0; i < got.order.size(); ++i) {
    if (request.order == storage::ScanOrder::kNewest) {
      EXPECT_EQ(got.order[i], wanted.order[i]) << where;
    }
    ASSERT_TRUE(wanted.by_id.contains(got.order[i])) << where;
    ExpectSameSlice(got.by_id[got.order[i]], wanted.by_id[got.order[i]], where);
  }
}

// Of traces without a span that holds what is needed, any may be left out.
void ExpectScanForNeeds(std::mt19937_64& random, storage::Reader& engine,
                        storage::Reader& reference, const std::string& state) {
  if (!engine.capabilities().trace_scan) return;
  storage::TraceScanRequest request;
  request.where = RandomExpression(random, 1);
  request.start_time = RandomRange(random);
  request.whole_traces = true;
  request.order = static_cast<storage::ScanOrder>(Below(random, 2));
  Slices all;
  ASSERT_TRUE(reference.TraceScan({}, request, all).ok());
  for (size_t i = 1 + Below(random, 2); i > 0; --i) {
    request.needs.push_back(RandomExpression(random, 1));
  }
  const std::string where = state + ": " + request.needs[0].ToString();
  Slices wanted;
  ASSERT_TRUE(reference.TraceScan({}, request, wanted).ok());
  Slices got;
  ASSERT_TRUE(engine.TraceScan({}, request, got).ok()) << where;
  for (const auto& [id, slice] : wanted.by_id) EXPECT_TRUE(got.by_id.contains(id)) << where;
  for (const auto& [id, slice] : got.by_id) {
    ASSERT_TRUE(all.by_id.contains(id)) << where;
    ExpectSameSlice(slice, all.by_id[id], where);
  }
}

// Of times by what many spans share, which an engine may answer without looking at spans.
storage::MeasureRequest RandomMeasureOfTimes(std::mt19937_64& random) {
  storage::MeasureRequest request;
  const std::vector<FieldRef> shared = {Intrinsic::kServiceName, Intrinsic::kName,
                                        Intrinsic::kStatus, Intrinsic::kKind,
                                        AttributeField{AttributeScope::kResource, "service.name"}};
  for (size_t i = Below(random, 3); i > 0; --i) {
    const bool is_shared = Below(random, 2) == 0;
    request.group_by.push_back(is_shared ? shared[Below(random, shared.size())]
                                         : RandomFieldRef(random));
  }
  for (size_t i = 1 + Below(random, 3); i > 0; --i) {
    const auto kind = static_cast<storage::MeasureKind>(Below(random, 5));
    const auto field = Below(random, 3) == 0 ? Intrinsic::kStartTime : Intrinsic::kDuration;
    request.measures.push_back({kind, field});
  }
  return request;
}

storage::MeasureRequest RandomMeasureOfFields(std::mt19937_64& random) {
  storage::MeasureRequest request;
  for (size_t i = Below(random, 3); i > 0; --i) request.group_by.push_back(RandomFieldRef(random));
  for (size_t i = 1 + Below(random, 3); i > 0; --i) {
    const auto kind = static_cast<storage::MeasureKind>(Below(random, 5));
    const FieldRef field =
        Below(random, 2) == 0 ? FieldRef(Intrinsic::kDuration) : RandomFieldRef(random);
    const bool spans = kind == storage::MeasureKind::kCount && Below(random, 2) == 0;
    request.measures.push_back({kind, spans ? std::nullopt : std::optional(field)});
  }
  return request;
}

storage::MeasureRequest RandomMeasureRequest(std::mt19937_64& random) {
  storage::MeasureRequest request =
      Below(random, 2) == 0 ? RandomMeasureOfTimes(random) : RandomMeasureOfFields(random);
  request.where = RandomExpression(random, static_cast<int>(Below(random, 3)));
  request.start_time = RandomRange(random);
  if (request.start_time.min_unix_nano != 0) request.step_nano = Below(random, 3) * 700'000'000;
  request.max_groups = 100'000;
  request.exemplars = Below(random, 3);
  return request;
}

void ExpectSameBucket(const storage::MeasureRequest& request, const storage::MeasureBucket& got,
                      const storage::MeasureBucket& wanted, const std::string& where) {
  EXPECT_EQ(got.start_time_unix_nano, wanted.start_time_unix_nano) << where;
  EXPECT_EQ(got.spans, wanted.spans) << where;
  ASSERT_EQ(got.measures.size(), wanted.measures.size()) << where;
  for (size_t i = 0; i < got.measures.size(); ++i) {
    const storage::Measured& a = got.measures[i];
    const storage::Measured& b = wanted.measures[i];
    EXPECT_EQ(a.count, b.count) << where;
    EXPECT_DOUBLE_EQ(a.sum, b.sum) << where;
    EXPECT_EQ(a.min, b.min) << where;
    EXPECT_EQ(a.max, b.max) << where;
    EXPECT_EQ(a.histogram, b.histogram) << where;
  }
  EXPECT_EQ(got.exemplars.size(), wanted.exemplars.size()) << where;
  for (const storage::Exemplar& exemplar : got.exemplars) {
    EXPECT_TRUE(request.start_time.Contains(exemplar.start_time_unix_nano)) << where;
    const uint64_t offset = exemplar.start_time_unix_nano - got.start_time_unix_nano;
    EXPECT_TRUE(request.step_nano == 0 || offset < request.step_nano) << where;
  }
}

void ExpectSameMeasures(std::mt19937_64& random, storage::Reader& engine,
                        storage::Reader& reference, const std::string& state) {
  const storage::MeasureRequest request = RandomMeasureRequest(random);
  const auto wanted = reference.Measure({}, request);
  const auto got = engine.Measure({}, request);
  if (!engine.capabilities().measure) {
    EXPECT_EQ(got.status().code(), base::StatusCode::kUnimplemented);
    return;
  }
  const std::string where = state + ": " + request.where.ToString();
  ASSERT_EQ(got.status().ToString(), wanted.status().ToString()) << where;
  ASSERT_EQ(got->series.size(), wanted->series.size()) << where;
  for (size_t i = 0; i < got->series.size(); ++i) {
    const storage::MeasureSeries& a = got->series[i];
    const storage::MeasureSeries& b = wanted->series[i];
    EXPECT_EQ(a.group, b.group) << where;
    ASSERT_EQ(a.buckets.size(), b.buckets.size()) << where;
    for (size_t j = 0; j < a.buckets.size(); ++j) {
      ExpectSameBucket(request, a.buckets[j], b.buckets[j], where);
    }
  }
}

void ExpectSameFieldCounts(const storage::FieldCounts& got, const storage::FieldCounts& wanted,
                           const std::string& where) {
  EXPECT_EQ(got.field, wanted.field) << where;
  EXPECT_EQ(got.a, wanted.a) << where;
  EXPECT_EQ(got.b, wanted.b) << where;
  EXPECT_EQ(got.truncated, wanted.truncated) << where;
  ASSERT_EQ(got.values.size(), wanted.values.size()) << where;
  for (size_t i = 0; i < got.values.size(); ++i) {
    EXPECT_EQ(got.values[i].value, wanted.values[i].value) << where;
    EXPECT_EQ(got.values[i].a, wanted.values[i].a) << where;
    EXPECT_EQ(got.values[i].b, wanted.values[i].b) << where;
  }
}

void ExpectSameValueCounts(std::mt19937_64& random, storage::Reader& engine,
                           storage::Reader& reference, const std::string& state) {
  storage::ValueCountsRequest request;
  request.a = RandomExpression(random, 2);
  if (Below(random, 2) == 0) request.b = RandomExpression(random, 2);
  request.start_time = RandomRange(random);
  request.scopes.clear();
  for (uint64_t scope = 0; scope < 5; ++scope) {
    if (Below(random, 2) == 0) request.scopes.push_back(static_cast<AttributeScope>(scope));
  }
  if (Below(random, 2) == 0) request.intrinsics = {Intrinsic::kName, Intrinsic::kEventName};
  request.max_values = 1 + Below(random, 20);
  const auto wanted = reference.ValueCounts({}, request);
  const auto got = engine.ValueCounts({}, request);
  if (!engine.capabilities().value_counts) {
    EXPECT_EQ(got.status().code(), base::StatusCode::kUnimplemented);
    return;
  }
  const std::string where = state + ": " + request.a.ToString() + " | " + request.b.ToString();
  ASSERT_EQ(got.status().ToString(), wanted.status().ToString()) << where;
  EXPECT_EQ(got->a, wanted->a) << where;
  EXPECT_EQ(got->b, wanted->b) << where;
  EXPECT_EQ(got->truncated, wanted->truncated) << where;
  ASSERT_EQ(got->fields.size(), wanted->fields.size()) << where;
  for (size_t i = 0; i < got->fields.size(); ++i) {
    ExpectSameFieldCounts(got->fields[i], wanted->fields[i], where);
  }
}

void ExpectSameNames(std::mt19937_64& random, storage::Reader& engine, storage::Reader& reference,
                     const std::string& state) {
  storage::NamesRequest request;
  request.where = RandomExpression(random, 2);
  request.start_time = RandomRange(random);
  if (Below(random, 2) == 0) request.scopes = {static_cast<AttributeScope>(Below(random, 5))};
  if (Below(random, 3) == 0) request.prefix = "k";
  request.order = static_cast<storage::CatalogOrder>(Below(random, 2));
  request.limit = 1 + Below(random, 15);
  const auto wanted = reference.Names({}, request);
  const auto got = engine.Names({}, request);
  if (!engine.capabilities().catalog) {
    EXPECT_EQ(got.status().code(), base::StatusCode::kUnimplemented);
    return;
  }
  const std::string where = state + ": " + request.where.ToString();
  ASSERT_EQ(got.status().ToString(), wanted.status().ToString()) << where;
  EXPECT_EQ(got->names, wanted->names) << where;
  EXPECT_EQ(got->truncated, wanted->truncated) << where;
}

void ExpectSameValues(std::mt19937_64& random, storage::Reader& engine, storage::Reader& reference,
                      const std::string& state) {
  storage::ValuesRequest request;
  request.field = RandomFieldRef(random);
  request.where = RandomExpression(random, 2);
  request.start_time = RandomRange(random);
  if (Below(random, 3) == 0) request.prefix = Below(random, 2) == 0 ? "1" : "operation";
  request.order = static_cast<storage::CatalogOrder>(Below(random, 2));
  request.limit = 1 + Below(random, 30);
  const auto wanted = reference.Values({}, request);
  const auto got = engine.Values({}, request);
  if (!engine.capabilities().catalog) {
    EXPECT_EQ(got.status().code(), base::StatusCode::kUnimplemented);
    return;
  }
  const std::string where =
      state + ": " + storage::FieldName(request.field) + " of " + request.where.ToString();
  ASSERT_EQ(got.status().ToString(), wanted.status().ToString()) << where;
  EXPECT_EQ(got->truncated, wanted->truncated) << where;
  ASSERT_EQ(got->values.size(), wanted->values.size()) << where;
  for (size_t i = 0; i < got->values.size(); ++i) {
    EXPECT_EQ(got->values[i].value, wanted->values[i].value) << where;
    EXPECT_EQ(got->values[i].spans, wanted->values[i].spans) << where;
  }
}

// The spans as JSON, by trace.
class Texts final : public storage::SpansSink {
 public:
  explicit Texts(storage::Capabilities can) : can_(can) {}
  bool OnSpans(const span::TraceId& trace_id, span::SpanBatch&& spans) override {
    texts.emplace_back(trace_id, wire::EncodeOtlpJson(AsKept(spans, can_)));
    return true;
  }
  std::vector<std::pair<span::TraceId, std::string>> texts;

 private:
  const storage::Capabilities can_;
};

// The spans of one trace: starts and messages.
class SpanTexts final : public storage::SpansSink {
 public:
  explicit SpanTexts(storage::Capabilities can) : can_(can) {}
  bool OnSpans(const span::TraceId& /*trace_id*/, span::SpanBatch&& spans) override {
    span::ForEachSpan(AsKept(spans, can_), [this](const span::SpanRef& span) {
      by_start.emplace(span.entry().start_time_unix_nano, span.span().message);
    });
    return true;
  }
  std::set<std::pair<uint64_t, std::string>> by_start;

 private:
  const storage::Capabilities can_;
};

// With a hint spans outside of it may be missing, and nothing else.
void ExpectSpansInHints(std::mt19937_64& random, storage::Reader& engine,
                        storage::Reader& reference, const std::string& state) {
  const span::TraceId id = TraceIdOf(1 + Below(random, 190));
  const storage::TimeRange hint = RandomRange(random);
  SpanTexts got(reference.capabilities());
  SpanTexts all(reference.capabilities());
  ASSERT_TRUE(engine.GetTraces({}, {{id, hint}}, got).ok()) << state;
  ASSERT_TRUE(reference.GetTraces({}, {{id, {}}}, all).ok()) << state;
  for (const auto& span : all.by_start) {
    EXPECT_TRUE(got.by_start.contains(span) || !hint.Contains(span.first)) << state;
  }
  for (const auto& span : got.by_start) EXPECT_TRUE(all.by_start.contains(span)) << state;
}

void ExpectSameSpans(std::mt19937_64& random, storage::Reader& engine, storage::Reader& reference,
                     const std::string& state) {
  std::vector<storage::WantedTrace> wanted_traces;
  for (size_t i = Below(random, 5); i > 0; --i) {
    wanted_traces.push_back({TraceIdOf(1 + Below(random, 190)), {}});
  }
  const storage::Capabilities can = reference.capabilities();
  Texts got(can);
  Texts wanted(can);
  ASSERT_TRUE(engine.GetTraces({}, wanted_traces, got).ok()) << state;
  ASSERT_TRUE(reference.GetTraces({}, wanted_traces, wanted).ok()) << state;
  EXPECT_EQ(got.texts, wanted.texts) << state;

  ExpectSpansInHints(random, engine, reference, state);

  const span::TraceId trace = TraceIdOf(1 + Below(random, 190));
  const span::SpanId id = SpanIdOf(1 + Below(random, 7));
  const auto got_span = engine.GetSpan({}, trace, id);
  const auto wanted_span = reference.GetSpan({}, trace, id);
  ASSERT_EQ(got_span.status().code(), wanted_span.status().code()) << state;
  if (!got_span.ok()) return;
  EXPECT_EQ(wire::EncodeOtlpJson(AsKept(*got_span, can)),
            wire::EncodeOtlpJson(AsKept(*wanted_span, can)))
      << state;
}

}  // namespace

storage::AttributeField RandomAttribute(std::mt19937_64& random, AttributeScope scope) {
  AttributeField field{scope, "k" + std::to_string(Below(random, 4))};
  for (size_t i = Below(random, 5) / 2; i > 0; --i) {
    field.other_keys.push_back("k" + std::to_string(Below(random, 4)));
  }
  return field;
}

FieldRef RandomFieldRef(std::mt19937_64& random) {
  const uint64_t intrinsics = static_cast<uint64_t>(storage::kLastIntrinsic) + 1;
  const storage::Field field =
      Below(random, 3) == 0
          ? storage::Field(static_cast<Intrinsic>(Below(random, intrinsics)))
          : storage::Field(RandomAttribute(random, static_cast<AttributeScope>(Below(random, 7))));
  return Below(random, 5) == 0 ? FieldRef::OfParent(field) : FieldRef(field);
}

// Conditions on several fields of one event or link, and others beside them.
Expression RandomPlace(std::mt19937_64& random) {
  const bool of_events = Below(random, 2) == 0;
  const auto leaf = [&]() -> Expression {
    const auto scope = of_events ? AttributeScope::kEvent : AttributeScope::kLink;
    const bool intrinsic = Below(random, 3) == 0;
    const FieldRef field =
        intrinsic ? FieldRef(of_events ? Intrinsic::kEventName : Intrinsic::kLinkSpanId)
                  : FieldRef(RandomAttribute(random, scope));
    if (Below(random, 3) == 0) return Expression::Exists(field);
    const auto op = Below(random, 2) == 0 ? CompareOp::kEqual : CompareOp::kNotEqual;
    Expression value = Below(random, 2) == 0 ? Expression::Constant(RandomText(random))
                                             : Expression::Constant(RandomNumber(random));
    Expression compared = Expression::Compare(op, Expression::Of(field), std::move(value));
    return Below(random, 5) == 0 ? Expression::Not(std::move(compared)) : compared;
  };
  std::vector<Expression> leaves;
  for (size_t i = Below(random, 4); i > 0; --i) leaves.push_back(leaf());
  if (Below(random, 4) == 0) leaves.push_back(RandomComparison(random, 1));
  Expression condition = Below(random, 4) == 0 ? Expression::Or(std::move(leaves))
                                               : Expression::And(std::move(leaves));
  return of_events ? Expression::SomeEvent(std::move(condition))
                   : Expression::SomeLink(std::move(condition));
}

Expression RandomExpression(std::mt19937_64& random, int depth) {
  if (depth <= 0) return RandomComparison(random, 1);
  switch (Below(random, 11)) {
    case 0:
      return {};
    case 10:
      return RandomPlace(random);
    case 1:
      return Expression::Exists(RandomFieldRef(random));
    case 2:
      return Expression::Not(RandomExpression(random, depth - 1));
    case 3:
      return Expression::Of(RandomFieldRef(random));
    case 4:
    case 5:
      return Expression::And(
          {RandomExpression(random, depth - 1), RandomExpression(random, depth - 1)});
    case 6:
    case 7:
      return Expression::Or(
          {RandomExpression(random, depth - 1), RandomExpression(random, depth - 1)});
    default:
      return RandomComparison(random, 2);
  }
}

void ExpectSameTraceAnswers(std::mt19937_64& random, storage::Reader& engine,
                            storage::Reader& reference, const std::string& state) {
  ExpectSameScan(random, engine, reference, state);
  ExpectScanForNeeds(random, engine, reference, state);
  ExpectSameMeasures(random, engine, reference, state);
  ExpectSameValueCounts(random, engine, reference, state);
  ExpectSameNames(random, engine, reference, state);
  ExpectSameValues(random, engine, reference, state);
  ExpectSameSpans(random, engine, reference, state);
}

}  // namespace spandrel::conformance
