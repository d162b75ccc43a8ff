// SPDX-License-Identifier: Apache-2.0
#include "query/promql/aggregation.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace spandrel::query {
namespace {

using base::Result;
using base::Status;
using promql::AggregateOp;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

using Groups = std::map<PromLabels, std::vector<size_t>>;

Groups GroupsOf(const promql::LabelChoice& kept, const PromVector& series) {
  Groups groups;
  for (size_t i = 0; i < series.size(); ++i) {
    groups[Chosen(series[i].labels, kept)].push_back(i);
  }
  return groups;
}

void AddNumber(AggregateOp op, double value, double* to) {
  switch (op) {
    case AggregateOp::kMin:
      if (value < *to || std::isnan(*to)) *to = value;
      break;
    case AggregateOp::kMax:
      if (value > *to || std::isnan(*to)) *to = value;
      break;
    case AggregateOp::kCount:
      *to += 1;
      break;
    case AggregateOp::kGroup:
      break;
    default:
      *to += value;
  }
}

double First(AggregateOp op, double value) {
  return op == AggregateOp::kCount || op == AggregateOp::kGroup ? 1 : value;
}

PromSeries OfNumbers(AggregateOp op, const PromVector& series, const std::vector<size_t>& members) {
  PromSeries result{{}, std::vector<double>(series[members[0]].values.size(), Absent())};
  for (size_t i = 0; i < result.values.size(); ++i) {
    double counted = 0;
    for (const size_t member : members) {
      const double value = series[member].values[i];
      if (IsAbsent(value)) continue;
      if (counted == 0) {
        result.values[i] = First(op, value);
      } else {
        AddNumber(op, value, &result.values[i]);
      }
      ++counted;
    }
    if (op == AggregateOp::kAvg && counted > 0) result.values[i] /= counted;
  }
  return result;
}

PromSeries OfHistograms(AggregateOp op, const PromVector& series,
                        const std::vector<size_t>& members) {
  if (op == AggregateOp::kCount || op == AggregateOp::kGroup) return OfNumbers(op, series, members);
  const size_t points = series[members[0]].values.size();
  PromSeries result{{}, std::vector<double>(points, Absent())};
  if (op != AggregateOp::kSum && op != AggregateOp::kAvg) return result;
  result.histograms.resize(points);
  for (size_t i = 0; i < points; ++i) {
    double counted = 0;
    for (const size_t member : members) {
      if (IsAbsent(series[member].values[i])) continue;
      result.histograms[i].Add(series[member].histograms[i]);
      ++counted;
    }
    if (counted == 0) continue;
    if (op == AggregateOp::kAvg) result.histograms[i].Scale(1 / counted);
    result.values[i] = result.histograms[i].count;
  }
  return result;
}

// The members that stay at a point, best first.
std::vector<size_t> BestAt(size_t point, size_t wanted, bool largest, const PromVector& series,
                           const std::vector<size_t>& members) {
  std::vector<size_t> best;
  for (const size_t member : members) {
    const bool counts = !series[member].is_histogram() && !IsAbsent(series[member].values[point]);
    if (counts) best.push_back(member);
  }
  const auto is_better = [&](size_t a, size_t b) {
    const double x = series[a].values[point];
    const double y = series[b].values[point];
    if (std::isnan(x) || std::isnan(y)) return std::isnan(x) ? std::isnan(y) && a < b : true;
    return x == y ? a < b : largest ? x > y : x < y;
  };
  const size_t stay = std::min(wanted, best.size());
  std::partial_sort(best.begin(), best.begin() + static_cast<ptrdiff_t>(stay), best.end(),
                    is_better);
  best.resize(stay);
  return best;
}

size_t CountOf(double wanted) {
  if (!(wanted >= 1)) return 0;
  return wanted >= 1e9 ? size_t{1'000'000'000} : static_cast<size_t>(wanted);
}

// A bound of a classic histogram with the series that counts up to it.
struct Bound {
  double upper;
  const PromSeries* series;
};

std::optional<double> BoundOf(const PromSeries& series) {
  const std::string_view text = LabelOf(series.labels, promql::kBoundLabel);
  if (text == "+Inf") return HUGE_VAL;
  double bound = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, bound);
  if (text.empty() || error != std::errc() || at != end) return std::nullopt;
  return bound;
}

struct Cumulative {
  double upper = 0;
  double count = 0;
};

// As Prometheus does it: evenly within a bucket, from zero on in the first one.
double QuantileOf(double share, const std::vector<Cumulative>& buckets) {
  if (buckets.size() < 2 || !std::isinf(buckets.back().upper) || std::isnan(share)) return kNaN;
  if (share < 0) return -HUGE_VAL;
  if (share > 1) return HUGE_VAL;
  const double all = buckets.back().count;
  if (!(all > 0)) return kNaN;
  const double rank = share * all;
  size_t i = 0;
  while (i + 1 < buckets.size() && buckets[i].count < rank) ++i;
  if (i + 1 == buckets.size()) return buckets[i - 1].upper;
  if (i == 0 && buckets[0].upper <= 0) return buckets[0].upper;
  const Cumulative below = i == 0 ? Cumulative() : buckets[i - 1];
  return below.upper + (buckets[i].upper - below.upper) *
                           ((rank - below.count) / (buckets[i].count - below.count));
}

// The counts at a point; arithmetic may have made them fall, which is put right.
std::vector<Cumulative> CountsAt(size_t point, const std::vector<Bound>& bounds) {
  std::vector<Cumulative> counts;
  double most = 0;
  for (const Bound& bound : bounds) {
    const double value = bound.series->values[point];
    if (IsAbsent(value)) continue;
    if (!counts.empty() && counts.back().upper == bound.upper) {
      counts.back().count = most += value;
      continue;
    }
    most = std::max(most, value);
    counts.push_back({bound.upper, most});
  }
  return counts;
}

PromSeries ClassicQuantiles(const PromScalar& share, std::vector<Bound> bounds) {
  std::sort(bounds.begin(), bounds.end(),
            [](const Bound& a, const Bound& b) { return a.upper < b.upper; });
  PromSeries result{{}, std::vector<double>(share.size(), Absent())};
  for (size_t i = 0; i < share.size(); ++i) {
    const auto counts = CountsAt(i, bounds);
    if (!counts.empty()) result.values[i] = QuantileOf(share[i], counts);
  }
  return result;
}

PromSeries NativeQuantiles(const PromScalar& share, const PromSeries& series) {
  PromSeries result{{}, std::vector<double>(share.size(), Absent())};
  for (size_t i = 0; i < share.size(); ++i) {
    if (!IsAbsent(series.values[i])) result.values[i] = series.histograms[i].Quantile(share[i]);
  }
  return result;
}

}  // namespace

Result<PromVector> Aggregated(const promql::Aggregate& aggregate, const PromVector& series) {
  PromVector results;
  for (const auto& [labels, members] : GroupsOf(aggregate.kept, series)) {
    const bool is_histogram = series[members[0]].is_histogram();
    for (const size_t member : members) {
      if (series[member].is_histogram() == is_histogram) continue;
      return Status(base::StatusCode::kInvalidArgument,
                    "numbers and histograms are not put together");
    }
    results.push_back(is_histogram ? OfHistograms(aggregate.op, series, members)
                                   : OfNumbers(aggregate.op, series, members));
    results.back().labels = labels;
  }
  DropEmpty(&results);
  return results;
}

PromVector Ranked(const promql::Aggregate& aggregate, const PromScalar& wanted, PromVector series) {
  const bool largest = aggregate.op == AggregateOp::kTopk;
  std::vector<std::vector<uint8_t>> stays(series.size(), std::vector<uint8_t>(wanted.size()));
  std::vector<size_t> order;
  for (const auto& [labels, members] : GroupsOf(aggregate.kept, series)) {
    for (size_t i = 0; i < wanted.size(); ++i) {
      const auto best = BestAt(i, CountOf(wanted[i]), largest, series, members);
      for (const size_t member : best) stays[member][i] = 1;
      if (wanted.size() == 1) order.insert(order.end(), best.begin(), best.end());
    }
  }
  PromVector ranked;
  if (wanted.size() == 1) {
    for (const size_t member : order) ranked.push_back(std::move(series[member]));
    return ranked;
  }
  for (size_t member = 0; member < series.size(); ++member) {
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (stays[member][i] == 0) series[member].values[i] = Absent();
    }
  }
  DropEmpty(&series);
  return series;
}

PromVector Quantiles(const PromScalar& share, const PromVector& series) {
  std::map<PromLabels, std::vector<Bound>> classic;
  PromVector results;
  for (const PromSeries& one : series) {
    const PromLabels labels = Without(one.labels, promql::kNameLabel);
    if (one.is_histogram()) {
      results.push_back(NativeQuantiles(share, one));
      results.back().labels = labels;
    } else if (const auto bound = BoundOf(one)) {
      classic[Without(labels, promql::kBoundLabel)].push_back({*bound, &one});
    }
  }
  for (auto& [labels, bounds] : classic) {
    results.push_back(ClassicQuantiles(share, std::move(bounds)));
    results.back().labels = labels;
  }
  DropEmpty(&results);
  return results;
}

}  // namespace spandrel::query
