// SPDX-License-Identifier: Apache-2.0
#include "conformance/random_questions.h"

#include <gtest/gtest.h>

#include <array>

#include "conformance/kept_spans.h"
#include "conformance/random_expressions.h"
#include "conformance/test_spans.h"
#include "wire/otlp/otlp.h"

namespace spandrel::conformance {
namespace {

using storage::AttributeScope;
using storage::CompareOp;
using storage::Field;
using storage::Intrinsic;
using storage::Predicate;

constexpr uint64_t kFirstStart = 1000'000'000'000;
constexpr uint64_t kLastStart = 1016'000'000'000;

uint64_t Below(std::mt19937_64& random, uint64_t bound) {
  return random() % bound;
}

Field RandomField(std::mt19937_64& random) {
  static constexpr std::array<Intrinsic, 10> kIntrinsics = {
      Intrinsic::kName,        Intrinsic::kKind,      Intrinsic::kStatus,
      Intrinsic::kServiceName, Intrinsic::kDuration,  Intrinsic::kStartTime,
      Intrinsic::kEventName,   Intrinsic::kScopeName, Intrinsic::kParentSpanId,
      Intrinsic::kSpanId};
  if (Below(random, 2) == 0) return kIntrinsics[Below(random, kIntrinsics.size())];
  return RandomAttribute(random, static_cast<AttributeScope>(Below(random, 6)));
}

std::string RandomText(std::mt19937_64& random) {
  static constexpr std::array<const char*, 14> kTexts = {
      "a",      "b",     "10",    "true",  "service-0", "service-1", "operation-2",
      "server", "ERROR", "error", "retry", "scope",     "",          "exception"};
  return kTexts[Below(random, kTexts.size())];
}

storage::Value RandomValue(std::mt19937_64& random, CompareOp op) {
  const bool text_only =
      op == CompareOp::kMatches || op == CompareOp::kDoesNotMatch || op == CompareOp::kTextEqual;
  const bool ordered = op >= CompareOp::kLess && op <= CompareOp::kGreaterOrEqual;
  switch (text_only ? 0 : Below(random, 5)) {
    case 0:
      return RandomText(random);
    case 1:
      return static_cast<int64_t>(Below(random, 12));
    case 2:
      return static_cast<double>(Below(random, 24)) / 2;
    case 3:
      return static_cast<int64_t>(uint64_t{1} << Below(random, 34));
    default:
      break;
  }
  if (ordered) return static_cast<int64_t>(kFirstStart + Below(random, kLastStart - kFirstStart));
  return Below(random, 2) == 0;
}

Predicate RandomLeaf(std::mt19937_64& random) {
  if (Below(random, 6) == 0) return Predicate::Exists(RandomField(random));
  const auto op = static_cast<CompareOp>(Below(random, 9));
  return Predicate::Compare(RandomField(random), op, RandomValue(random, op));
}

storage::TimeRange RandomRange(std::mt19937_64& random) {
  if (Below(random, 3) == 0) return {};
  const uint64_t min = kFirstStart + Below(random, kLastStart - kFirstStart);
  return {min, min + 1 + Below(random, kLastStart - kFirstStart)};
}

void ExpectSameSearch(std::mt19937_64& random, storage::Reader& engine, storage::Reader& reference,
                      const std::string& state) {
  storage::SearchRequest request;
  request.where = RandomPredicate(random);
  request.start_time = RandomRange(random);
  request.order = Below(random, 2) == 0 ? storage::Order::kNewest : storage::Order::kSlowest;
  request.limit = 1 + Below(random, 40);
  if (Below(random, 3) == 0) {
    request.after = storage::Cursor{kFirstStart + Below(random, kLastStart - kFirstStart),
                                    TraceIdOf(Below(random, 180))};
  }
  const auto got = engine.Search({}, request);
  const auto wanted = reference.Search({}, request);
  ASSERT_EQ(got.status().ToString(), wanted.status().ToString()) << state;
  ASSERT_EQ(got->traces.size(), wanted->traces.size()) << state;
  ASSERT_EQ(got->next.has_value(), wanted->next.has_value()) << state;
  if (got->next) {
    EXPECT_EQ(got->next->key, wanted->next->key) << state;
    EXPECT_EQ(got->next->trace_id, wanted->next->trace_id) << state;
  }
  for (size_t i = 0; i < got->traces.size(); ++i) {
    const storage::TraceSummary& a = got->traces[i];
    const storage::TraceSummary& b = wanted->traces[i];
    ASSERT_EQ(a.trace_id, b.trace_id) << state << " at " << i;
    EXPECT_EQ(a.root_service, b.root_service) << state;
    EXPECT_EQ(a.root_name, b.root_name) << state;
    EXPECT_EQ(a.root_kind, b.root_kind) << state;
    EXPECT_EQ(a.start_time_unix_nano, b.start_time_unix_nano) << state;
    EXPECT_EQ(a.end_time_unix_nano, b.end_time_unix_nano) << state;
    EXPECT_EQ(a.span_count, b.span_count) << state;
    EXPECT_EQ(a.error_count, b.error_count) << state;
    EXPECT_EQ(a.orphan_count, b.orphan_count) << state;
    EXPECT_EQ(a.matched_count, b.matched_count) << state;
    EXPECT_EQ(a.services, b.services) << state;
  }
}

void ExpectSameAggregate(std::mt19937_64& random, storage::Reader& engine,
                         storage::Reader& reference, const std::string& state) {
  storage::AggregateRequest request;
  request.where = RandomPredicate(random);
  request.start_time = RandomRange(random);
  request.unit = Below(random, 2) == 0 ? storage::CountUnit::kSpans : storage::CountUnit::kTraces;
  if (request.unit == storage::CountUnit::kSpans) {
    for (size_t i = Below(random, 3); i > 0; --i) request.group_by.push_back(RandomField(random));
  }
  // Buckets are counted from the start of the range, so an open range gets a single one.
  if (request.start_time.min_unix_nano != 0) request.step_nano = Below(random, 3) * 700'000'000;
  request.max_groups = 100'000;
  const auto got = engine.Aggregate({}, request);
  const auto wanted = reference.Aggregate({}, request);
  ASSERT_EQ(got.status().ToString(), wanted.status().ToString()) << state;
  ASSERT_EQ(got->series.size(), wanted->series.size()) << state;
  std::map<std::vector<std::string>, const storage::AggregateSeries*> by_group;
  for (const auto& series : got->series) by_group[series.group] = &series;
  for (const auto& series : wanted->series) {
    ASSERT_TRUE(by_group.contains(series.group)) << state;
    const auto& buckets = by_group[series.group]->buckets;
    ASSERT_EQ(buckets.size(), series.buckets.size()) << state;
    for (size_t i = 0; i < buckets.size(); ++i) {
      EXPECT_EQ(buckets[i].start_time_unix_nano, series.buckets[i].start_time_unix_nano) << state;
      EXPECT_EQ(buckets[i].count, series.buckets[i].count) << state;
      EXPECT_EQ(buckets[i].error_count, series.buckets[i].error_count) << state;
      EXPECT_EQ(buckets[i].latency.buckets(), series.buckets[i].latency.buckets()) << state;
      EXPECT_EQ(buckets[i].latency.zero_count(), series.buckets[i].latency.zero_count()) << state;
    }
  }
}

void ExpectSameLists(std::mt19937_64& random, storage::Reader& engine, storage::Reader& reference,
                     const std::string& state) {
  const Predicate where = RandomPredicate(random);
  const storage::TimeRange range = RandomRange(random);
  const Field field = RandomField(random);
  const size_t limit = 1 + Below(random, 30);
  EXPECT_EQ(engine.TagNames({}, where, range, limit).value(),
            reference.TagNames({}, where, range, limit).value())
      << state;
  EXPECT_EQ(engine.TagValues({}, field, where, range, limit).value(),
            reference.TagValues({}, field, where, range, limit).value())
      << state;
}

void ExpectSameDependencies(std::mt19937_64& random, storage::Reader& engine,
                            storage::Reader& reference, const std::string& state) {
  const storage::TimeRange range = RandomRange(random);
  const auto got = engine.Dependencies({}, range).value();
  const auto wanted = reference.Dependencies({}, range).value();
  ASSERT_EQ(got.size(), wanted.size()) << state;
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].parent, wanted[i].parent) << state;
    EXPECT_EQ(got[i].child, wanted[i].child) << state;
    EXPECT_EQ(got[i].call_count, wanted[i].call_count) << state;
    EXPECT_EQ(got[i].error_count, wanted[i].error_count) << state;
    EXPECT_EQ(got[i].latency.buckets(), wanted[i].latency.buckets()) << state;
  }
}

void ExpectSameTrace(std::mt19937_64& random, storage::Reader& engine, storage::Reader& reference,
                     const std::string& state) {
  const span::TraceId id = TraceIdOf(1 + Below(random, 190));
  const auto got = engine.GetTrace({}, id);
  const auto wanted = reference.GetTrace({}, id);
  ASSERT_EQ(got.ok(), wanted.ok()) << state;
  if (!got.ok()) return;
  const storage::Capabilities can = reference.capabilities();
  EXPECT_EQ(wire::EncodeOtlpJson(AsKept(*got, can)), wire::EncodeOtlpJson(AsKept(*wanted, can)))
      << state;
}

}  // namespace

Predicate RandomPredicate(std::mt19937_64& random) {
  if (Below(random, 8) == 0) return Predicate::All();
  std::vector<Predicate> parts;
  for (size_t i = 1 + Below(random, 3); i > 0; --i) {
    Predicate leaf = RandomLeaf(random);
    parts.push_back(Below(random, 4) == 0 ? Predicate::Not(std::move(leaf)) : std::move(leaf));
  }
  if (parts.size() == 1) return std::move(parts[0]);
  Predicate inner =
      Below(random, 2) == 0 ? Predicate::And(std::move(parts)) : Predicate::Or(std::move(parts));
  return Below(random, 5) == 0 ? Predicate::Not(std::move(inner)) : inner;
}

void ExpectSameAnswers(std::mt19937_64& random, storage::Reader& engine, storage::Reader& reference,
                       const std::string& state) {
  ExpectSameSearch(random, engine, reference, state);
  ExpectSameAggregate(random, engine, reference, state);
  ExpectSameLists(random, engine, reference, state);
  ExpectSameDependencies(random, engine, reference, state);
  ExpectSameTrace(random, engine, reference, state);
}

}  // namespace spandrel::conformance
