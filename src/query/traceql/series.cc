// SPDX-License-Identifier: Apache-2.0
#include "query/traceql/series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "traceql/scalar_arithmetic.h"

namespace spandrel::query {
namespace {

using traceql::BinaryOp;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct LabelsLess {
  bool operator()(const std::vector<SeriesLabel>& a, const std::vector<SeriesLabel>& b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](const SeriesLabel& x, const SeriesLabel& y) {
                                          if (x.first != y.first) return x.first < y.first;
                                          return storage::ValueLess()(x.second, y.second);
                                        });
  }
};

bool Holds(BinaryOp op, double value, double threshold) {
  switch (op) {
    case BinaryOp::kEqual:
      return value == threshold;
    case BinaryOp::kNotEqual:
      return value != threshold;
    case BinaryOp::kLess:
      return value < threshold;
    case BinaryOp::kLessOrEqual:
      return value <= threshold;
    case BinaryOp::kGreater:
      return value > threshold;
    default:
      return value >= threshold;
  }
}

double Compute(BinaryOp op, double left, double right) {
  const bool is_nothing = op == BinaryOp::kDivide && right == 0;
  return is_nothing ? kNone : traceql::ComputeFloats(op, left, right);
}

void DropEmpty(SeriesSet* set) {
  std::erase_if(set->series, [](const Series& series) {
    return std::all_of(series.values.begin(), series.values.end(),
                       [](double value) { return std::isnan(value); });
  });
}

void KeepExtremes(bool largest, size_t count, SeriesSet* set) {
  std::vector<Series>& all = set->series;
  const size_t points = all.empty() ? 0 : all[0].values.size();
  std::vector<size_t> order;
  for (size_t point = 0; point < points; ++point) {
    order.clear();
    for (size_t i = 0; i < all.size(); ++i) {
      if (!std::isnan(all[i].values[point])) order.push_back(i);
    }
    if (order.size() <= count) continue;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      const double x = all[a].values[point];
      const double y = all[b].values[point];
      return largest ? x > y : x < y;
    });
    for (size_t i = count; i < order.size(); ++i) all[order[i]].values[point] = kNone;
  }
}

std::vector<SeriesLabel> JoinLabels(const Series& series) {
  std::vector<SeriesLabel> labels = series.labels;
  std::erase_if(labels, [](const SeriesLabel& label) { return label.first == "__name__"; });
  return labels;
}

void CombineValues(BinaryOp op, const Series& left, const Series& right, Series* joined) {
  for (size_t i = 0; i < left.values.size(); ++i) {
    joined->values.push_back(Compute(op, left.values[i], right.values[i]));
  }
}

bool IsOneWithoutLabels(const SeriesSet& set) {
  return set.series.size() == 1 && JoinLabels(set.series[0]).empty();
}

}  // namespace

void SortByLabels(std::vector<Series>* series) {
  std::stable_sort(series->begin(), series->end(), [](const Series& a, const Series& b) {
    return LabelsLess()(a.labels, b.labels);
  });
}

void ApplyStage(const traceql::SecondStage& stage, SeriesSet* set) {
  if (stage.kind != traceql::SecondStage::Kind::kFilter) {
    KeepExtremes(stage.kind == traceql::SecondStage::Kind::kTopK, static_cast<size_t>(stage.count),
                 set);
    return DropEmpty(set);
  }
  // Series of durations are in seconds.
  const double unit = stage.threshold.type == traceql::Type::kDuration ? 1e9 : 1;
  const double threshold = stage.threshold.AsDouble() / unit;
  for (Series& series : set->series) {
    for (double& value : series.values) {
      if (!Holds(stage.op, value, threshold)) value = kNone;
    }
  }
  DropEmpty(set);
}

SeriesSet Combine(BinaryOp op, SeriesSet left, SeriesSet right) {
  SeriesSet joined;
  joined.truncated = left.truncated || right.truncated;
  if (IsOneWithoutLabels(right)) {
    for (Series& series : left.series) {
      Series both{JoinLabels(series), {}, std::move(series.exemplars)};
      CombineValues(op, series, right.series[0], &both);
      joined.series.push_back(std::move(both));
    }
    return joined;
  }
  std::map<std::vector<SeriesLabel>, const Series*, LabelsLess> lefts;
  for (const Series& series : left.series) lefts.emplace(JoinLabels(series), &series);
  const bool fans_out = IsOneWithoutLabels(left);
  for (const Series& series : right.series) {
    Series both{JoinLabels(series), {}, {}};
    const auto found = fans_out ? lefts.begin() : lefts.find(both.labels);
    if (found == lefts.end()) continue;
    CombineValues(op, *found->second, series, &both);
    both.exemplars = found->second->exemplars;
    joined.series.push_back(std::move(both));
  }
  SortByLabels(&joined.series);
  return joined;
}

void CombineWithNumber(BinaryOp op, double number, bool number_is_left, SeriesSet* set) {
  for (Series& series : set->series) {
    for (double& value : series.values) {
      value = number_is_left ? Compute(op, number, value) : Compute(op, value, number);
    }
  }
}

}  // namespace spandrel::query
