// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

#include "conformance/reference_store.h"
#include "conformance/test_spans.h"
#include "query/traceql/lower.h"
#include "query/traceql/search.h"
#include "storage/evaluate.h"
#include "storage/trace_fields.h"
#include "traceql/parse.h"

// The planned answer beside a literal reading of the language: sets of spans, each pair of spans
// compared, all traces looked at, then sorted and cut.
namespace spandrel::query {
namespace {

using storage::TraceFields;
using traceql::Join;
using traceql::Pipeline;
using traceql::Relation;
using traceql::SpansetExpr;
using Set = std::set<size_t>;

constexpr uint64_t kStart = 1'700'000'000'000'000'000;
constexpr uint64_t kWindow = 1'000'000'000;

class Literal {
 public:
  explicit Literal(const TraceFields& trace) : trace_(trace) {}

  std::vector<Set> Run(const Pipeline& pipeline, std::vector<Set> sets) const {
    for (const traceql::Stage& stage : pipeline.stages) {
      std::vector<Set> next;
      for (const Set& set : sets) {
        for (Set& made : Apply(stage, set)) {
          if (!made.empty()) next.push_back(std::move(made));
        }
      }
      if (std::holds_alternative<traceql::Coalesce>(stage.what) && !next.empty()) {
        next = {Union(next)};
      }
      sets = std::move(next);
    }
    return sets;
  }

  Set All() const {
    Set all;
    for (size_t i = 0; i < trace_.size(); ++i) all.insert(i);
    return all;
  }

 private:
  TraceFields::Row Row(size_t span) const { return {trace_, span}; }

  std::vector<Set> Apply(const traceql::Stage& stage, const Set& set) const {
    if (const auto* spansets = std::get_if<SpansetExpr>(&stage.what)) {
      return {Spansets(*spansets, set)};
    }
    if (const auto* group = std::get_if<traceql::GroupBy>(&stage.what)) {
      return Groups(group->by, set);
    }
    if (const auto* filter = std::get_if<traceql::ScalarFilter>(&stage.what)) {
      const auto bound = static_cast<size_t>(std::get<int64_t>(filter->right.constant.value));
      const bool holds =
          filter->op == traceql::BinaryOp::kGreater ? set.size() > bound : set.size() == bound;
      return holds ? std::vector<Set>{set} : std::vector<Set>();
    }
    return {set};
  }

  std::vector<Set> Groups(const traceql::FieldExpr& by, const Set& set) const {
    std::map<storage::OptionalValue, Set, storage::ValueLess> groups;
    std::vector<storage::OptionalValue> order;
    for (const size_t span : set) {
      const auto value = storage::FirstValue(FieldOf(by.field), Row(span));
      if (!groups.contains(value)) order.push_back(value);
      groups[value].insert(span);
    }
    std::vector<Set> sets;
    sets.reserve(order.size());
    for (const auto& value : order) sets.push_back(groups[value]);
    return sets;
  }

  static Set Union(const std::vector<Set>& sets) {
    Set all;
    for (const Set& set : sets) all.insert(set.begin(), set.end());
    return all;
  }

  Set Spansets(const SpansetExpr& expr, const Set& set) const {
    if (expr.kind == SpansetExpr::Kind::kPipeline) return Union(Run(expr.pipeline, {set}));
    if (expr.kind == SpansetExpr::Kind::kFilter) {
      const auto evaluator = storage::Evaluator::Make(Lower(expr.filter));
      Set kept;
      for (const size_t span : set) {
        if ((*evaluator)->Matches(Row(span))) kept.insert(span);
      }
      return kept;
    }
    std::vector<Set> sides;
    sides.reserve(expr.operands.size());
    for (const SpansetExpr& operand : expr.operands) sides.push_back(Spansets(operand, set));
    if (expr.kind == SpansetExpr::Kind::kStructural) {
      return Related(expr.relation, expr.join, sides[0], sides[1]);
    }
    const bool has_none =
        std::any_of(sides.begin(), sides.end(), [](const Set& side) { return side.empty(); });
    if (has_none && expr.kind == SpansetExpr::Kind::kAnd) return {};
    return Union(sides);
  }

  bool IsBelow(size_t low, size_t high) const {
    int32_t at = trace_.parent(low);
    for (size_t step = 0; step < trace_.size() && at >= 0; ++step) {
      if (at == static_cast<int32_t>(high)) return true;
      at = trace_.parent(static_cast<size_t>(at));
    }
    return false;
  }

  bool IsSo(Relation relation, size_t right, size_t left) const {
    switch (relation) {
      case Relation::kChild:
        return trace_.parent(right) == static_cast<int32_t>(left);
      case Relation::kParent:
        return trace_.parent(left) == static_cast<int32_t>(right);
      case Relation::kDescendant:
        return IsBelow(right, left);
      case Relation::kAncestor:
        return IsBelow(left, right);
      case Relation::kSibling:
        break;
    }
    return right != left && trace_.parent(right) == trace_.parent(left) &&
           trace_.parent(right) != storage::kOrphan;
  }

  Set Related(Relation relation, Join join, const Set& left, const Set& right) const {
    Set related;
    Set partners;
    for (const size_t r : right) {
      for (const size_t l : left) {
        if (!IsSo(relation, r, l)) continue;
        related.insert(r);
        partners.insert(l);
      }
    }
    if (join == Join::kUnion) return Union({related, partners});
    if (join == Join::kRight) return related;
    Set others;
    std::set_difference(right.begin(), right.end(), related.begin(), related.end(),
                        std::inserter(others, others.end()));
    return others;
  }

  const TraceFields& trace_;
};

class Queries {
 public:
  explicit Queries(std::mt19937_64& random) : random_(random) {}

  std::string Make() {
    std::string text = Chance(8) ? "by(name)" : Spansets(2);
    while (Chance(2)) text += " | " + Stage();
    return text;
  }

 private:
  bool Chance(unsigned one_of) { return random_() % one_of == 0; }
  std::string Pick(std::initializer_list<const char*> words) {
    return *(words.begin() + random_() % words.size());
  }

  std::string Condition() {
    return Pick({"true",
                 "status = error",
                 "kind = server",
                 "name = `operation-1`",
                 "name =~ `operation-[12]`",
                 "resource.service.name = `service-1`",
                 ".k1 = 1",
                 ".k1 != 1",
                 ".k2 > 1.5",
                 "span.k1 = `v1`",
                 "!(.k1 = `v1`)",
                 ".k0 = nil",
                 ".k1 != nil",
                 "duration > 500us",
                 "parent.service.name = `service-1`",
                 "nestedSetParent < 0",
                 "span:childCount > 0",
                 "rootName = `operation-1`",
                 "event:name = `retry` && event.k1 != nil",
                 "trace:duration > 1ms",
                 ".k1 + 1 = 2",
                 "resource.k1 = .k1",
                 "parent = nil"});
  }

  std::string Filter() {
    std::string text = Condition();
    while (Chance(3)) text += Pick({" && ", " || "}) + Condition();
    return "{ " + text + " }";
  }

  std::string Spansets(int depth) {
    if (depth == 0 || Chance(2)) return Filter();
    const std::string left = Spansets(depth - 1);
    const std::string op =
        Pick({" && ", " || ", " > ", " >> ", " < ", " << ", " ~ ", " !> ", " !>> ", " !< ", " !<< ",
              " !~ ", " &> ", " &>> ", " &< ", " &<< ", " &~ "});
    const std::string right =
        Chance(5) ? "(" + Spansets(0) + " | count() > 1)" : Spansets(depth - 1);
    return "(" + left + ")" + op + "(" + right + ")";
  }

  std::string Stage() {
    switch (random_() % 5) {
      case 0:
        return Pick({"count() > 1", "count() = 1", "count() > 2"});
      case 1:
        return "by(" +
               Pick({"name", "status", "resource.service.name", ".k1", "parent.service.name"}) +
               ")";
      case 2:
        return "coalesce()";
      default:
        return Spansets(1);
    }
  }

  std::mt19937_64& random_;
};

struct Answer {
  uint64_t key = 0;
  span::TraceId id;
  std::vector<std::set<span::SpanId>> spansets;
};

std::vector<Answer> LiteralAnswer(const std::map<span::TraceId, std::vector<span::SpanRef>>& traces,
                                  const SpansSearch& search) {
  std::vector<Answer> answers;
  for (const auto& [id, spans] : traces) {
    const TraceFields trace(spans);
    const Literal literal(trace);
    Answer answer{0, id, {}};
    bool is_found = false;
    for (const Set& set : literal.Run(search.pipeline, {literal.All()})) {
      answer.spansets.emplace_back();
      for (const size_t span : set) {
        const span::SpanEntry& entry = trace.span(span).entry();
        answer.spansets.back().insert(entry.span_id);
        if (!search.start_time.Contains(entry.start_time_unix_nano)) continue;
        is_found = true;
        answer.key = std::max(answer.key, entry.start_time_unix_nano);
      }
    }
    if (is_found) answers.push_back(std::move(answer));
  }
  std::stable_sort(answers.begin(), answers.end(),
                   [](const Answer& a, const Answer& b) { return a.key > b.key; });
  if (answers.size() > search.limit) answers.resize(search.limit);
  return answers;
}

TEST(LiteralSearch, PlannedAnswersAreTheSame) {
  std::mt19937_64 random(5);
  size_t found_traces = 0;
  for (int round = 0; round < 40; ++round) {
    const span::SpanBatch batch = conformance::MakeBatch(
        conformance::RandomSpans(random, 1, 1 + random() % 20, kStart, kWindow));
    conformance::ReferenceStore store;
    store.Append(span::SpanBatch(batch), [](const base::Status&) {});
    std::map<span::TraceId, std::vector<span::SpanRef>> traces;
    // The spans as the store gives them: each once, in order.
    std::vector<span::SpanBatch> loaded;
    std::set<span::TraceId> ids;
    span::ForEachSpan(batch, [&](const span::SpanRef& span) { ids.insert(span.entry().trace_id); });
    for (const span::TraceId& id : ids) {
      loaded.push_back(*store.GetTrace({}, id));
      span::ForEachSpan(loaded.back(),
                        [&](const span::SpanRef& span) { traces[id].push_back(span); });
      std::stable_sort(traces[id].begin(), traces[id].end(),
                       [](const span::SpanRef& a, const span::SpanRef& b) {
                         return std::pair(a.entry().start_time_unix_nano, a.entry().span_id) <
                                std::pair(b.entry().start_time_unix_nano, b.entry().span_id);
                       });
    }
    for (int i = 0; i < 100; ++i) {
      const std::string text = Queries(random).Make();
      auto query = traceql::Parse(text);
      ASSERT_TRUE(query.ok()) << text << "\n" << query.status().message();
      SpansSearch search;
      search.pipeline = std::get<Pipeline>(std::move(query->what));
      search.limit = 1 + random() % 8;
      search.spans_per_set = 0;
      if (random() % 2 == 0) search.start_time = {kStart + kWindow / 4, kStart + kWindow / 2};
      const auto planned = SearchSpans({}, store, search);
      ASSERT_TRUE(planned.ok()) << text << "\n" << planned.status().message();
      const std::vector<Answer> literal = LiteralAnswer(traces, search);
      ASSERT_EQ(planned->traces.size(), literal.size()) << text;
      for (size_t t = 0; t < literal.size(); ++t) {
        ASSERT_EQ(planned->traces[t].trace_id, literal[t].id) << text << " place " << t;
        std::vector<std::set<span::SpanId>> spansets;
        for (const FoundSpanset& spanset : planned->traces[t].spansets) {
          spansets.emplace_back();
          for (const FoundSpan& span : spanset.spans) spansets.back().insert(span.span_id);
        }
        ASSERT_EQ(spansets, literal[t].spansets) << text << " place " << t;
      }
      found_traces += literal.size();
    }
  }
  EXPECT_GT(found_traces, 3'000U);
}

}  // namespace
}  // namespace spandrel::query
