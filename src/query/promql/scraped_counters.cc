// SPDX-License-Identifier: Apache-2.0
#include "query/promql/scraped_counters.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "promql/ast.h"
#include "query/promql/label_matchers.h"
#include "query/promql/span_metrics.h"

namespace spandrel::query {
namespace {

using base::Status;

constexpr size_t kPieceBytes = 64 << 10;
// What a group takes while it is counted, about.
constexpr size_t kGroupBytes = 2'048;
constexpr std::array<MetricFamily, 2> kFamilies = {MetricFamily::kSpans, MetricFamily::kCalls};

std::string KeyOf(const std::vector<std::string>& tenants) {
  std::string key;
  for (const std::string& tenant : tenants) key += tenant + "|";
  return key;
}

void AddTo(const TimedCounts& from, TimedCounts* to) {
  to->total += from.total;
  to->failed += from.failed;
  for (size_t side = 0; side < from.durations.size(); ++side) {
    const DurationCounts& counts = from.durations[side];
    DurationCounts& sum = to->durations[side];
    sum.count += counts.count;
    sum.sum_nano += counts.sum_nano;
    sum.up_to.resize(std::max(sum.up_to.size(), counts.up_to.size()));
    for (size_t i = 0; i < counts.up_to.size(); ++i) sum.up_to[i] += counts.up_to[i];
  }
}

void AppendLabel(std::string_view name, std::string_view value, std::string* text) {
  text->append(name).append("=\"");
  for (const char c : value) {
    if (c == '\\' || c == '"') text->push_back('\\');
    text->append(c == '\n' ? "\\n" : std::string_view(&c, 1));
  }
  text->push_back('"');
}

void AppendSample(std::string_view name, const PromLabels& labels, std::string_view bound,
                  double value, std::string* text) {
  text->append(name).push_back('{');
  for (const auto& [label, of_series] : labels) {
    if (text->back() != '{') text->push_back(',');
    AppendLabel(label, of_series, text);
  }
  if (!bound.empty()) {
    if (text->back() != '{') text->push_back(',');
    AppendLabel(promql::kBoundLabel, bound, text);
  }
  fmt::format_to(std::back_inserter(*text), "}} {}\n", value);
}

void AppendHistogram(const SpanMetric& metric, const PromLabels& labels,
                     const DurationCounts& durations, std::string* text) {
  if (durations.count == 0) return;
  const std::string name(metric.name);
  for (size_t i = 0; i < BoundsOf(metric.family).size(); ++i) {
    const uint64_t up_to = i < durations.up_to.size() ? durations.up_to[i] : 0;
    AppendSample(name + "_bucket", labels, BoundText(metric.family, i), static_cast<double>(up_to),
                 text);
  }
  const auto count = static_cast<double>(durations.count);
  AppendSample(name + "_bucket", labels, "+Inf", count, text);
  AppendSample(name + "_sum", labels, "", static_cast<double>(durations.sum_nano) * 1e-9, text);
  AppendSample(name + "_count", labels, "", count, text);
}

void AppendSamples(const SpanMetric& metric, const PromLabels& labels, const TimedCounts& counts,
                   std::string* text) {
  if (metric.part == MetricPart::kNative) {
    return AppendHistogram(metric, labels, counts.durations[metric.side], text);
  }
  const uint64_t value = metric.part == MetricPart::kFailed ? counts.failed : counts.total;
  if (value > 0) AppendSample(metric.name, labels, "", static_cast<double>(value), text);
}

}  // namespace

Status ScrapedCounters::Add(const storage::QueryContext& context, storage::Reader& reader,
                            uint64_t after, uint64_t until, Families* families) {
  if (until <= after) return {};
  const promql::Selector all;
  const auto matchers = LabelMatchers::Make(context, all);
  if (!matchers.ok()) return matchers.status();
  for (const MetricFamily family : kFamilies) {
    CountsRequest request{.matchers = *matchers, .labels = LabelsOf(family)};
    request.min_unix_nano = after + 1;
    request.max_unix_nano = until;
    request.step_nano = until - after;
    request.sums = request.bounds = true;
    request.max_groups = kMaxGroups;
    auto counted = CountFamily(family, context, reader, request);
    if (!counted.ok()) return counted.status();
    auto& counts = (*families)[static_cast<size_t>(family)];
    for (LabelledCounts& group : *counted) {
      for (const TimedCounts& bucket : group.buckets) AddTo(bucket, &counts[group.labels]);
    }
    if (counts.size() > kMaxGroups) return TooManySeries(kMaxGroups);
  }
  return {};
}

ScrapedCounters::Kept ScrapedCounters::Find(const std::string& tenants) {
  const base::MutexLock lock(mutex_);
  const auto found = kept_.find(tenants);
  if (found != kept_.end()) {
    found->second.last_scrape = ++scrapes_;
    return found->second;
  }
  Kept kept;
  kept.until_unix_nano = since_unix_nano_;
  return kept;
}

void ScrapedCounters::Keep(const std::string& tenants, const Kept& before, Kept after) {
  const base::MutexLock lock(mutex_);
  const auto found = kept_.find(tenants);
  const uint64_t now_kept = found == kept_.end() ? since_unix_nano_ : found->second.until_unix_nano;
  if (now_kept != before.until_unix_nano) return;
  after.last_scrape = ++scrapes_;
  kept_.insert_or_assign(tenants, std::move(after));
  DropOldest();
}

void ScrapedCounters::DropOldest() {
  const auto is_older = [](const auto& a, const auto& b) {
    return a.second.last_scrape < b.second.last_scrape;
  };
  size_t groups = 0;
  for (const auto& [tenants, kept] : kept_) groups += kept.size();
  while (kept_.size() > 1 && (kept_.size() > kMaxKept || groups > kMaxKeptGroups)) {
    const auto oldest = std::min_element(kept_.begin(), kept_.end(), is_older);
    groups -= oldest->second.size();
    kept_.erase(oldest);
  }
}

Status ScrapedCounters::Render(const storage::QueryContext& context, storage::Reader& reader,
                               uint64_t now_unix_nano,
                               const std::function<Status(std::string_view)>& write) {
  const std::string tenants = KeyOf(context.tenants());
  Kept kept = Find(tenants);
  storage::QueryMemory memory(context);
  SPANDREL_RETURN_IF_ERROR(memory.Grow((kept.size() + kMaxGroups / 10) * kGroupBytes));
  Families families = *kept.families;
  const uint64_t settled = now_unix_nano - std::min(now_unix_nano, kSettled);
  if (settled >= kept.until_unix_nano + kSettleStep) {
    SPANDREL_RETURN_IF_ERROR(Add(context, reader, kept.until_unix_nano, settled, &families));
    Kept later{settled, std::make_shared<const Families>(families), 0};
    Keep(tenants, kept, later);
    kept = std::move(later);
  }
  SPANDREL_RETURN_IF_ERROR(Add(context, reader, kept.until_unix_nano, now_unix_nano, &families));

  std::string text;
  for (const SpanMetric& metric : AllSpanMetrics()) {
    if (!IsWholeMetric(metric)) continue;
    fmt::format_to(std::back_inserter(text), "# HELP {0} {1}\n# TYPE {0} {2}\n", metric.name,
                   metric.help, TypeOf(metric));
    for (const auto& [labels, counts] : families[static_cast<size_t>(metric.family)]) {
      AppendSamples(metric, labels, counts, &text);
      if (text.size() < kPieceBytes) continue;
      SPANDREL_RETURN_IF_ERROR(write(text));
      text.clear();
    }
  }
  return write(text);
}

}  // namespace spandrel::query
