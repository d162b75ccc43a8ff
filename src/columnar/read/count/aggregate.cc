// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/aggregate.h"

#include <algorithm>
#include <optional>

#include "columnar/read/count/minute_counts.h"
#include "columnar/read/count/span_groups.h"
#include "columnar/read/count/template_counts.h"
#include "columnar/read/scan/parallel.h"
#include "columnar/read/scan/scan.h"
#include "columnar/read/scan/trace_totals.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kMaxGroupFields = 3;

// What one thread has counted. Of the three ways to count a unit it takes the cheapest that is
// right: latency tables, columns, whole spans.
class SpanCounter {
 public:
  SpanCounter(const storage::QueryContext& context, const Snapshot& snapshot,
              const storage::AggregateRequest& request, const Matcher& matcher)
      : request_(request),
        matcher_(matcher),
        scan_(context, snapshot),
        groups_(context, request),
        minutes_(request, matcher.evaluator(), &groups_),
        templates_(request, matcher, &groups_),
        by_minutes_(MinuteCounts::MayAnswer(request)),
        by_templates_(TemplateCounts::CanAnswer(request)) {}

  Scan& scan() { return scan_; }
  SpanGroups& groups() { return groups_; }

  Status Add(const ScanUnit& unit) {
    SPANDREL_RETURN_IF_ERROR(scan_.context().Check());
    if (unit.source < scan_.part_count()) {
      const Part& part = *scan_.snapshot().parts[unit.source];
      if (by_minutes_ && minutes_.Add(part, unit.source, unit.index)) return groups_.status();
      if (by_templates_ && templates_.Add(part, unit.source, unit.index)) {
        scan_.CountScanned(part.footer().groups[unit.index].row_count);
        return groups_.status();
      }
    }
    return AddSpans(unit);
  }

 private:
  Status AddSpans(const ScanUnit& unit) {
    const auto& fields = request_.group_by;
    Content content;
    for (const storage::Field& field : fields) content.Add(field);
    std::vector<std::string> group(fields.size());
    return scan_.Visit(unit, matcher_, content, [&](const span::SpanRef& span) {
      for (size_t i = 0; i < group.size(); ++i) {
        group[i] = storage::FieldText(fields[i], span).value_or("");
      }
      const span::SpanEntry& entry = span.entry();
      groups_.Add(groups_.IdOf(group), {entry.start_time_unix_nano, entry.duration_nano(),
                                        entry.status == span::SpanStatus::kError, entry.weight});
      return groups_.status();
    });
  }

  const storage::AggregateRequest& request_;
  const Matcher& matcher_;
  Scan scan_;
  SpanGroups groups_;
  MinuteCounts minutes_;
  TemplateCounts templates_;
  const bool by_minutes_;
  const bool by_templates_;
};

Result<storage::AggregateResult> CountSpans(const storage::QueryContext& context,
                                            const Snapshot& snapshot,
                                            const storage::AggregateRequest& request,
                                            const Matcher& matcher) {
  SpanCounter counter(context, snapshot, request, matcher);
  const Result<std::vector<ScanUnit>> units = counter.scan().Units(matcher);
  if (!units.ok()) return units.status();
  std::vector<ScanUnit> of_parts;
  for (const ScanUnit& unit : *units) {
    const bool is_head = unit.source >= snapshot.parts.size();
    if (!is_head) of_parts.push_back(unit);
    if (is_head) SPANDREL_RETURN_IF_ERROR(counter.Add(unit));
  }
  std::optional<SpanCounter> helper;
  SPANDREL_RETURN_IF_ERROR(RunInParallel(of_parts.size(), [&](bool is_helper, size_t i) {
    if (!is_helper) return counter.Add(of_parts[i]);
    if (!helper) helper.emplace(context, snapshot, request, matcher);
    return helper->Add(of_parts[i]);
  }));
  if (helper) counter.groups().Merge(std::move(helper->groups()));
  SPANDREL_RETURN_IF_ERROR(counter.groups().status());
  return std::move(counter.groups()).Finish();
}

Result<storage::AggregateResult> CountTraces(const storage::QueryContext& context,
                                             const Snapshot& snapshot,
                                             const storage::AggregateRequest& request,
                                             const Matcher& matcher) {
  Scan scan(context, snapshot);
  storage::QueryMemory memory(context);
  const Result<TotalsOfTraces> totals = TotalsOfMatchingTraces(scan, matcher, &memory);
  if (!totals.ok()) return totals.status();
  SpanGroups groups(context, request);
  const uint32_t only_group = groups.IdOf({});
  for (const TraceTotals& trace : totals->totals) {
    groups.Add(only_group, {trace.min_start, trace.duration_nano(), trace.has_error, trace.weight});
    SPANDREL_RETURN_IF_ERROR(groups.status());
  }
  return std::move(groups).Finish();
}

}  // namespace

Result<storage::AggregateResult> AggregateSpans(const storage::QueryContext& context,
                                                const Snapshot& snapshot,
                                                const storage::AggregateRequest& request) {
  const bool by_trace = request.unit == storage::CountUnit::kTraces;
  if (request.group_by.size() > kMaxGroupFields || (by_trace && !request.group_by.empty())) {
    return Status(StatusCode::kInvalidArgument, "too many group_by fields");
  }
  const Result<Matcher> matcher = Matcher::Make(context, request.where, request.start_time);
  if (!matcher.ok()) return matcher.status();
  return by_trace ? CountTraces(context, snapshot, request, *matcher)
                  : CountSpans(context, snapshot, request, *matcher);
}

}  // namespace spandrel::columnar
