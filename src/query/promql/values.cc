// SPDX-License-Identifier: Apache-2.0
#include "query/promql/values.h"

#include <algorithm>
#include <cmath>

#include "storage/latency_histogram.h"

namespace spandrel::query {
namespace {

constexpr double kSecondsPerNano = 1e-9;

bool IsChosen(std::string_view name, const promql::LabelChoice& choice) {
  const bool is_listed =
      std::find(choice.labels.begin(), choice.labels.end(), name) != choice.labels.end();
  if (choice.listed) return is_listed;
  return !is_listed && name != promql::kNameLabel;
}

}  // namespace

std::string_view LabelOf(const PromLabels& labels, std::string_view name) {
  for (const auto& [key, value] : labels) {
    if (key == name) return value;
  }
  return {};
}

PromLabels Chosen(const PromLabels& labels, const promql::LabelChoice& choice) {
  PromLabels kept;
  for (const auto& label : labels) {
    if (IsChosen(label.first, choice)) kept.push_back(label);
  }
  return kept;
}

PromLabels Without(const PromLabels& labels, std::string_view name) {
  PromLabels kept;
  for (const auto& label : labels) {
    if (label.first != name) kept.push_back(label);
  }
  return kept;
}

void AddLabel(std::string_view name, std::string value, PromLabels* labels) {
  if (value.empty()) return;
  const auto place = std::find_if(labels->begin(), labels->end(),
                                  [&](const auto& label) { return label.first > name; });
  labels->insert(place, {std::string(name), std::move(value)});
}

std::pair<double, double> BoundsOfBucket(int32_t bucket) {
  return {storage::LatencyHistogram::UpperBound(bucket - 1) * kSecondsPerNano,
          storage::LatencyHistogram::UpperBound(bucket) * kSecondsPerNano};
}

void PromHistogram::Add(const PromHistogram& other) {
  count += other.count;
  sum += other.sum;
  zeros += other.zeros;
  std::vector<std::pair<int32_t, double>> merged;
  merged.reserve(std::max(buckets.size(), other.buckets.size()));
  auto mine = buckets.begin();
  for (const auto& [bucket, amount] : other.buckets) {
    while (mine != buckets.end() && mine->first < bucket) merged.push_back(*mine++);
    const bool is_same = mine != buckets.end() && mine->first == bucket;
    merged.emplace_back(bucket, amount + (is_same ? mine->second : 0));
    if (is_same) ++mine;
  }
  merged.insert(merged.end(), mine, buckets.end());
  buckets = std::move(merged);
}

void PromHistogram::Scale(double factor) {
  count *= factor;
  sum *= factor;
  zeros *= factor;
  for (auto& [bucket, amount] : buckets) amount *= factor;
}

double PromHistogram::Quantile(double share) const {
  if (std::isnan(share) || count == 0) return std::numeric_limits<double>::quiet_NaN();
  if (share < 0) return -HUGE_VAL;
  if (share > 1) return HUGE_VAL;
  double below = zeros;
  const double rank = share * count;
  if (zeros > 0 && rank <= zeros) return 0;
  for (const auto& [bucket, amount] : buckets) {
    const bool is_last = bucket == buckets.back().first;
    if (below + amount >= rank || is_last) {
      const auto [lower, upper] = BoundsOfBucket(bucket);
      const double part = amount == 0 ? 1 : std::clamp((rank - below) / amount, 0.0, 1.0);
      return lower * std::pow(upper / lower, part);
    }
    below += amount;
  }
  return 0;
}

void DropEmpty(PromVector* series) {
  series->erase(std::remove_if(series->begin(), series->end(),
                               [](const PromSeries& one) {
                                 return std::all_of(one.values.begin(), one.values.end(), IsAbsent);
                               }),
                series->end());
}

void SortByLabels(PromVector* series) {
  std::sort(series->begin(), series->end(),
            [](const PromSeries& a, const PromSeries& b) { return a.labels < b.labels; });
}

}  // namespace spandrel::query
