// SPDX-License-Identifier: Apache-2.0
#include "query/promql/list_series.h"

#include <algorithm>
#include <set>
#include <utility>

#include "query/promql/label_matchers.h"
#include "query/promql/select.h"
#include "query/promql/span_metrics.h"

namespace spandrel::query {
namespace {

using base::Result;
using base::Status;
using promql::Selector;

std::vector<Selector> SelectorsOf(const ListedSeries& listed) {
  return listed.selectors.empty() ? std::vector<Selector>(1) : listed.selectors;
}

// The metrics that a selector names.
Result<std::vector<const SpanMetric*>> MetricsOf(const storage::QueryContext& context,
                                                 const Selector& selector) {
  const auto matchers = LabelMatchers::Make(context, selector);
  if (!matchers.ok()) return matchers.status();
  std::vector<const SpanMetric*> metrics;
  for (const SpanMetric& metric : AllSpanMetrics()) {
    if (matchers->Hold(promql::kNameLabel, metric.name)) metrics.push_back(&metric);
  }
  return metrics;
}

// Adds the series that have spans in the range.
Status AddSeries(const storage::QueryContext& context, storage::Reader& reader,
                 const ListedSeries& listed, Selector selector, const promql::LabelChoice* kept,
                 storage::QueryMemory* memory, std::set<PromLabels>* all) {
  const bool is_whole = listed.min_unix_nano == 0;
  selector.range_nano = is_whole ? 0 : listed.max_unix_nano - listed.min_unix_nano + 1;
  const auto reading = is_whole ? CounterReading::kValue : CounterReading::kIncrease;
  auto series =
      Select(context, reader, {selector, reading, {listed.max_unix_nano, 1, 1}, kept}, memory);
  if (!series.ok()) return series.status();
  for (PromSeries& one : *series) all->insert(std::move(one.labels));
  return {};
}

// The same, but of the metric that counts all there is of a family.
Selector OfTotals(const Selector& selector, MetricFamily family) {
  Selector totals;
  for (const promql::Matcher& matcher : selector.matchers) {
    const bool is_of_metric =
        matcher.label == promql::kNameLabel || matcher.label == promql::kBoundLabel;
    if (!is_of_metric) totals.matchers.push_back(matcher);
  }
  const bool of_spans = family == MetricFamily::kSpans;
  totals.matchers.push_back(
      {promql::kNameLabel,
       promql::MatchOp::kEqual,
       of_spans ? "traces_spanmetrics_calls_total" : "traces_service_graph_request_total",
       {}});
  return totals;
}

bool HasLabel(MetricFamily family, std::string_view label) {
  const auto& labels = LabelsOf(family);
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

void AddBounds(MetricFamily family, std::set<std::string>* values) {
  for (size_t i = 0; i <= BoundsOf(family).size(); ++i) values->emplace(BoundText(family, i));
}

}  // namespace

Result<std::vector<PromLabels>> ListSeries(const storage::QueryContext& context,
                                           storage::Reader& reader, const ListedSeries& listed) {
  std::set<PromLabels> all;
  storage::QueryMemory memory(context);
  for (const Selector& selector : SelectorsOf(listed)) {
    SPANDREL_RETURN_IF_ERROR(AddSeries(context, reader, listed, selector, nullptr, &memory, &all));
  }
  return std::vector<PromLabels>(all.begin(), all.end());
}

Result<std::vector<std::string>> ListLabels(const storage::QueryContext& context,
                                            const ListedSeries& listed) {
  std::set<std::string> names;
  for (const Selector& selector : SelectorsOf(listed)) {
    const auto metrics = MetricsOf(context, selector);
    if (!metrics.ok()) return metrics.status();
    for (const SpanMetric* metric : *metrics) {
      names.emplace(promql::kNameLabel);
      if (metric->part == MetricPart::kBucket) names.emplace(promql::kBoundLabel);
      for (const std::string_view label : LabelsOf(metric->family)) names.emplace(label);
    }
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::vector<std::string>> ListValues(const storage::QueryContext& context,
                                            storage::Reader& reader, const ListedSeries& listed,
                                            std::string_view label) {
  std::set<std::string> values;
  storage::QueryMemory memory(context);
  const promql::LabelChoice kept{true, {std::string(label)}};
  for (const Selector& selector : SelectorsOf(listed)) {
    const auto metrics = MetricsOf(context, selector);
    if (!metrics.ok()) return metrics.status();
    std::set<MetricFamily> asked;
    for (const SpanMetric* metric : *metrics) {
      if (label == promql::kNameLabel) values.emplace(metric->name);
      if (label == promql::kBoundLabel && metric->part == MetricPart::kBucket) {
        AddBounds(metric->family, &values);
      }
      if (HasLabel(metric->family, label)) asked.insert(metric->family);
    }
    std::set<PromLabels> series;
    for (const MetricFamily family : asked) {
      SPANDREL_RETURN_IF_ERROR(
          AddSeries(context, reader, listed, OfTotals(selector, family), &kept, &memory, &series));
    }
    for (const PromLabels& labels : series) values.emplace(LabelOf(labels, label));
  }
  values.erase("");
  return std::vector<std::string>(values.begin(), values.end());
}

}  // namespace spandrel::query
