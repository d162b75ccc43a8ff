// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "conformance/random_expressions.h"
#include "conformance/test_spans.h"
#include "storage/evaluate.h"
#include "storage/trace_fields.h"

namespace spandrel::storage {
namespace {

using conformance::TestAttributes;
using conformance::TestSpan;

// Each name with the others of the same thing.
const std::map<std::string, std::vector<std::string>>& OtherNames() {
  static const std::map<std::string, std::vector<std::string>> names = {
      {"k0", {"k1"}}, {"k1", {"k2", "k0"}}, {"k2", {"k0", "k3", "k1"}}};
  return names;
}

AttributeField Named(const std::string& key, AttributeScope scope = AttributeScope::kSpan) {
  return {scope, key, OtherNames().at(key)};
}

OptionalValue ValueOfSpan(const FieldRef& field, const TestSpan& test_span) {
  const span::SpanBatch batch = conformance::MakeBatch({test_span});
  const TraceFields trace({span::SpanRef(*batch.chunks()[0], 0)});
  return FirstValue(field, TraceFields::Row(trace, 0));
}

TEST(OtherNamesTest, TheAskedNameWinsThenTheOthersInTheirOrder) {
  const TestSpan all = {.attributes = {{"k3", "d"}, {"k1", "b"}, {"k0", "a"}, {"k0", "A"}}};
  EXPECT_EQ(ValueOfSpan(Named("k0"), all), OptionalValue("A"));
  EXPECT_EQ(ValueOfSpan(Named("k1"), all), OptionalValue("b"));
  EXPECT_EQ(ValueOfSpan(Named("k2"), all), OptionalValue("A"));
  EXPECT_EQ(ValueOfSpan(Named("k2"), {.attributes = {{"k1", "b"}, {"k3", "d"}}}),
            OptionalValue("d"));
  EXPECT_EQ(ValueOfSpan(Named("k0"), {.attributes = {{"k2", "c"}}}), std::nullopt);
}

TEST(OtherNamesTest, EachListHasItsOwnName) {
  const TestSpan span = {.attributes = {{"k1", "of span"}}, .resource_attributes = {{"k0", "r"}}};
  EXPECT_EQ(ValueOfSpan(Named("k0", AttributeScope::kUnscoped), span), OptionalValue("of span"));
  EXPECT_EQ(ValueOfSpan(Named("k0", AttributeScope::kResource), span), OptionalValue("r"));
  const auto any = Evaluator::Make(Predicate::Compare(Named("k0", AttributeScope::kAny),
                                                      CompareOp::kTextEqual, std::string("r")));
  const span::SpanBatch batch = conformance::MakeBatch({span});
  EXPECT_TRUE((*any)->Matches(span::SpanRef(*batch.chunks()[0], 0)));
}

// The same list with each name that it lacks, where it has another one, written out.
TestAttributes SpeltOut(const TestAttributes& list) {
  std::map<std::string, conformance::TestValue> last;
  for (const auto& [key, value] : list) last.insert_or_assign(key, value);
  TestAttributes all = list;
  for (const auto& [key, others] : OtherNames()) {
    if (last.contains(key)) continue;
    for (const std::string& other : others) {
      const auto found = last.find(other);
      if (found == last.end()) continue;
      all.emplace_back(key, found->second);
      break;
    }
  }
  return all;
}

TestSpan SpeltOut(TestSpan span) {
  span.attributes = SpeltOut(span.attributes);
  span.resource_attributes = SpeltOut(span.resource_attributes);
  span.scope_attributes = SpeltOut(span.scope_attributes);
  for (auto& event : span.events) event.attributes = SpeltOut(event.attributes);
  for (auto& link : span.links) link.attributes = SpeltOut(link.attributes);
  return span;
}

// A trace of one chunk for each span, as MakeBatch makes it of a request of one.
struct Trace {
  explicit Trace(const std::vector<TestSpan>& spans) : batch(conformance::MakeBatch(spans)) {
    std::vector<span::SpanRef> refs;
    for (const auto& chunk : batch.chunks()) {
      for (size_t i = 0; i < chunk->spans.size(); ++i) refs.emplace_back(*chunk, i);
    }
    fields = std::make_unique<TraceFields>(std::move(refs));
  }

  span::SpanBatch batch;
  std::unique_ptr<TraceFields> fields;
};

// With its fields as they are named by `others`; the same by their first names alone.
Expression WithNames(Expression expression, bool others) {
  expression.ChangeFields([&](FieldRef* field) {
    auto* const attribute = std::get_if<AttributeField>(&field->field);
    if (attribute == nullptr) return;
    attribute->other_keys.clear();
    const auto known = OtherNames().find(attribute->key);
    if (others && known != OtherNames().end()) attribute->other_keys = known->second;
  });
  return expression;
}

TEST(OtherNamesTest, MeanWhatSpansSayWithAllTheirNamesWrittenOut) {
  std::mt19937_64 random(11);
  size_t differ = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<TestSpan> spans;
    for (TestSpan& span : conformance::RandomSpans(random, 1, 10, 1000, 100)) {
      span.trace = 1;
      span.span = spans.size() + 1;
      span.parent = span.parent == 0 ? 0 : 1 + random() % span.span;
      span.start = 1000 + spans.size();
      spans.push_back(span);
    }
    std::vector<TestSpan> spelt_out;
    for (const TestSpan& span : spans) spelt_out.push_back(SpeltOut(span));
    const Trace stored(spans);
    const Trace written(spelt_out);
    ASSERT_EQ(stored.fields->size(), spans.size());
    for (int i = 0; i < 40; ++i) {
      const Expression expression = conformance::RandomExpression(random, 3);
      const auto named = Evaluator::Make(WithNames(expression, true));
      const auto plain = Evaluator::Make(WithNames(expression, false));
      ASSERT_TRUE(named.ok() && plain.ok()) << expression.ToString();
      for (size_t at = 0; at < spans.size(); ++at) {
        const bool wanted = (*plain)->Matches(TraceFields::Row(*written.fields, at));
        const bool literal = (*plain)->Matches(TraceFields::Row(*stored.fields, at));
        EXPECT_EQ((*named)->Matches(TraceFields::Row(*stored.fields, at)), wanted)
            << expression.ToString();
        differ += wanted != literal ? 1 : 0;
      }
    }
  }
  EXPECT_GT(differ, 1000U);
}

}  // namespace
}  // namespace spandrel::storage
