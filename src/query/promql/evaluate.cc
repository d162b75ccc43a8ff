// SPDX-License-Identifier: Apache-2.0
#include "query/promql/evaluate.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "promql/lexer.h"
#include "query/promql/aggregation.h"
#include "query/promql/operators.h"
#include "query/promql/select.h"

namespace spandrel::query {
namespace {

using base::Result;
using base::Status;
using promql::AggregateOp;
using promql::Function;
using promql::Node;

constexpr size_t kNoParent = SIZE_MAX;

std::vector<size_t> ParentsOf(const promql::Query& query) {
  std::vector<size_t> parents(query.nodes.size(), kNoParent);
  std::vector<size_t> open;
  for (size_t i = 0; i < query.nodes.size(); ++i) {
    for (uint32_t child = 0; child < query.nodes[i].child_count; ++child) {
      parents[open.back()] = i;
      open.pop_back();
    }
    open.push_back(i);
  }
  return parents;
}

// Computes node after node; what is computed waits on a list for its parent.
class Evaluation {
 public:
  Evaluation(const storage::QueryContext& context, storage::Reader& reader,
             const promql::Query& query, const Instants& points, storage::QueryMemory* memory)
      : context_(context),
        reader_(reader),
        query_(query),
        points_(points),
        memory_(*memory),
        parents_(ParentsOf(query)) {}

  Result<PromValue> Run() {
    for (size_t i = 0; i < query_.nodes.size(); ++i) {
      SPANDREL_RETURN_IF_ERROR(context_.Check());
      if (query_.nodes[i].type == promql::ValueType::kMatrix) continue;
      auto value = ValueOf(i);
      if (!value.ok()) return Placed(value.status(), query_.nodes[i].place);
      values_.push_back(*std::move(value));
    }
    if (auto* const series = std::get_if<PromVector>(&values_.back());
        series && points_.count > 1) {
      SortByLabels(series);
    }
    return std::move(values_.back());
  }

 private:
  // What has no place yet gets that of the node.
  static Status Placed(const Status& status, promql::Place place) {
    const bool has_place =
        !status.message().empty() && status.message()[0] >= '1' && status.message()[0] <= '9';
    if (status.code() != base::StatusCode::kInvalidArgument || has_place) return status;
    return promql::ErrorAt(place, status.message());
  }

  PromValue Taken() {
    PromValue value = std::move(values_.back());
    values_.pop_back();
    return value;
  }
  PromVector TakenSeries() { return std::get<PromVector>(Taken()); }
  PromScalar TakenNumbers() { return std::get<PromScalar>(Taken()); }

  // Numbers by point; they are counted as they come, since there is one for each part of a query.
  Result<PromScalar> Numbers(double value) {
    SPANDREL_RETURN_IF_ERROR(memory_.Grow(points_.count * sizeof(double)));
    return PromScalar(points_.count, value);
  }

  Result<PromValue> ValueOf(size_t i) {
    const Node& node = query_.nodes[i];
    if (const auto* const number = std::get_if<promql::Number>(&node.what)) {
      auto numbers = Numbers(number->value);
      if (!numbers.ok()) return numbers.status();
      return PromValue(*std::move(numbers));
    }
    if (const auto* const text = std::get_if<promql::Text>(&node.what))
      return PromValue(text->value);
    if (const auto* const selector = std::get_if<promql::Selector>(&node.what)) {
      return SeriesOf(*selector, CounterReading::kValue, i);
    }
    if (const auto* const call = std::get_if<promql::Call>(&node.what)) {
      return Called(call->function, i);
    }
    if (const auto* const aggregate = std::get_if<promql::Aggregate>(&node.what)) {
      return AggregateOf(*aggregate);
    }
    if (const auto* const binary = std::get_if<promql::Binary>(&node.what)) {
      PromValue right = Taken();
      PromValue left = Taken();
      return Combined(*binary, std::move(left), std::move(right));
    }
    return Negated(Taken());
  }

  // Whoever adds up what node i is says which labels matter.
  const promql::LabelChoice* KeptOf(size_t i) const {
    if (parents_[i] == kNoParent) return nullptr;
    const auto* const sum = std::get_if<promql::Aggregate>(&query_.nodes[parents_[i]].what);
    return sum != nullptr && sum->op == AggregateOp::kSum ? &sum->kept : nullptr;
  }

  Result<PromValue> SeriesOf(const promql::Selector& selector, CounterReading reading, size_t i) {
    auto series = Select(context_, reader_, {selector, reading, points_, KeptOf(i)}, &memory_);
    if (!series.ok()) return series.status();
    return PromValue(*std::move(series));
  }

  Result<PromValue> AggregateOf(const promql::Aggregate& aggregate) {
    PromVector series = TakenSeries();
    if (aggregate.op == AggregateOp::kTopk || aggregate.op == AggregateOp::kBottomk) {
      const PromScalar wanted = TakenNumbers();
      return PromValue(Ranked(aggregate, wanted, std::move(series)));
    }
    auto result = Aggregated(aggregate, series);
    if (!result.ok()) return result.status();
    return PromValue(*std::move(result));
  }

  Result<PromValue> Called(Function function, size_t i) {
    switch (function) {
      case Function::kRate:
      case Function::kIncrease:
        return RangeOf(function, i);
      case Function::kHistogramQuantile: {
        const PromVector series = TakenSeries();
        const PromScalar share = TakenNumbers();
        return PromValue(Quantiles(share, series));
      }
      case Function::kTime:
        return Times();
      case Function::kVector:
        return PromValue(PromVector{{{}, TakenNumbers()}});
      case Function::kScalar:
        return OnlyNumber(TakenSeries());
      case Function::kSort:
      case Function::kSortDesc:
        return Sorted(function == Function::kSortDesc);
      default:
        return PartOfHistograms(function);
    }
  }

  Result<PromValue> RangeOf(Function function, size_t i) {
    const auto& selector = std::get<promql::Selector>(query_.nodes[i - 1].what);
    const bool is_rate = function == Function::kRate;
    auto value = SeriesOf(selector, is_rate ? CounterReading::kRate : CounterReading::kIncrease, i);
    if (!value.ok()) return Placed(value.status(), query_.nodes[i - 1].place);
    SPANDREL_RETURN_IF_ERROR(DropNames(&std::get<PromVector>(*value)));
    return value;
  }

  Result<PromValue> Times() {
    auto times = Numbers(0);
    if (!times.ok()) return times.status();
    for (size_t i = 0; i < points_.count; ++i) {
      const uint64_t millis = points_.At(i) / 1'000'000;
      (*times)[i] = static_cast<double>(millis) / 1e3;
    }
    return PromValue(*std::move(times));
  }

  // The number of the only series that has one.
  Result<PromValue> OnlyNumber(const PromVector& series) {
    auto numbers = Numbers(NAN);
    if (!numbers.ok()) return numbers.status();
    for (size_t i = 0; i < points_.count; ++i) {
      size_t found = 0;
      for (const PromSeries& one : series) {
        if (one.is_histogram() || IsAbsent(one.values[i])) continue;
        (*numbers)[i] = ++found == 1 ? one.values[i] : NAN;
      }
    }
    return PromValue(*std::move(numbers));
  }

  Result<PromValue> Sorted(bool descending) {
    PromVector series = TakenSeries();
    if (points_.count > 1) return PromValue(std::move(series));
    std::stable_sort(series.begin(), series.end(), [&](const PromSeries& a, const PromSeries& b) {
      const double x = a.values[0];
      const double y = b.values[0];
      if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
      return descending ? x > y : x < y;
    });
    return PromValue(std::move(series));
  }

  Result<PromValue> PartOfHistograms(Function function) {
    PromVector series = TakenSeries();
    series.erase(std::remove_if(series.begin(), series.end(),
                                [](const PromSeries& one) { return !one.is_histogram(); }),
                 series.end());
    for (PromSeries& one : series) {
      for (size_t i = 0; i < one.values.size(); ++i) {
        if (IsAbsent(one.values[i])) continue;
        const PromHistogram& histogram = one.histograms[i];
        if (function == Function::kHistogramSum) one.values[i] = histogram.sum;
        if (function == Function::kHistogramAvg) one.values[i] = histogram.sum / histogram.count;
      }
      one.histograms.clear();
    }
    SPANDREL_RETURN_IF_ERROR(DropNames(&series));
    return PromValue(std::move(series));
  }

  const storage::QueryContext& context_;
  storage::Reader& reader_;
  const promql::Query& query_;
  const Instants points_;
  storage::QueryMemory& memory_;
  const std::vector<size_t> parents_;
  std::vector<PromValue> values_;
};

}  // namespace

Result<PromValue> Evaluate(const storage::QueryContext& context, storage::Reader& reader,
                           const promql::Query& query, const Instants& points,
                           storage::QueryMemory* memory) {
  return Evaluation(context, reader, query, points, memory).Run();
}

}  // namespace spandrel::query
