// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/scan/row_walk.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "columnar/read/match/row_matcher.h"
#include "columnar/read/scan/scan.h"
#include "columnar/read/scan/stand_ins.h"
#include "columnar/read/scan/trace_loader.h"
#include "storage/span_fields.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

// What a set takes for each id.
constexpr size_t kSeenBytes = 48;

class WalkBySpan {
 public:
  WalkBySpan(const storage::QueryContext& context, const Snapshot& snapshot,
             const Question& question, const RowVisitor& visit, const GroupVisitor& visit_group)
      : scan_(context, snapshot), question_(question), visit_(visit), visit_group_(visit_group) {}

  Status Run() {
    const Result<std::vector<ScanUnit>> units = scan_.Units(question_.matcher);
    if (!units.ok()) return units.status();
    for (const ScanUnit& unit : *units) {
      const bool is_of_part = unit.source < scan_.part_count();
      if (is_of_part && visit_group_) {
        const Result<bool> visited = VisitGroup(unit);
        if (!visited.ok()) return visited.status();
        if (*visited) continue;
      }
      const bool joined = question_.may_join && is_of_part;
      SPANDREL_RETURN_IF_ERROR(joined ? VisitJoined(unit) : VisitEach(unit));
    }
    return {};
  }

 private:
  Result<bool> VisitGroup(const ScanUnit& unit) {
    SPANDREL_RETURN_IF_ERROR(scan_.context().Check());
    const Part& part = *scan_.snapshot().parts[unit.source];
    Result<bool> visited = visit_group_(part, unit.source, unit.index);
    if (visited.status().code() == base::StatusCode::kDataLoss) {
      NoteUnreadable(scan_.snapshot(), unit.source, unit.index, visited.status());
      return true;
    }
    if (visited.ok() && *visited) scan_.CountScanned(part.footer().groups[unit.index].row_count);
    return visited;
  }

  Status VisitEach(const ScanUnit& unit) {
    return scan_.Visit(unit, question_.matcher, question_.content,
                       [this](const span::SpanRef& span) {
                         const storage::SpanFields fields(span);
                         if (!question_.is_exact && !question_.evaluator->Matches(fields))
                           return Status();
                         return visit_(span, fields, span.entry().weight);
                       });
  }

  // Of a row group: rows that say the same as one.
  Status VisitJoined(const ScanUnit& unit) {
    SPANDREL_RETURN_IF_ERROR(scan_.context().Check());
    const Result<PartSource*> source = scan_.Source(unit.source);
    if (!source.ok()) return source.status();
    const Result<StandIns> joined = Join(**source, unit.index);
    if (!joined.ok()) return {};
    size_t next = 0;
    const auto visit_next = [&](const span::SpanRef& span) {
      return visit_(span, storage::SpanFields(span), joined->weights[next++]);
    };
    const auto inspected = (*source)->ScanRows(scan_.context(), unit.index, joined->rows,
                                               question_.content, visit_next);
    if (!inspected.ok()) return inspected.status();
    scan_.CountScanned(inspected->spans, inspected->bytes);
    return {};
  }

  // An error was counted by the source.
  Result<StandIns> Join(PartSource& source, uint32_t group) {
    const auto rows = source.RowsOf(group, question_.matcher);
    if (!rows.ok()) return rows.status();
    const Result<RowGroupPtr> open = source.part().Group(group);
    if (!open.ok()) return open.status();
    const TemplateTable& table = (*open)->table();
    const std::vector<uint8_t> telling = question_.only_keys ? question_.content.KeyColumnsOf(table)
                                                             : question_.content.ColumnsOf(table);
    Result<StandIns> joined = StandInsOf(**open, **rows, telling, &columns_);
    if (!joined.ok()) source.NoteUnreadable(group, joined.status());
    return joined;
  }

  Scan scan_;
  const Question& question_;
  const RowVisitor& visit_;
  const GroupVisitor& visit_group_;
  RowColumns columns_;
};

class WalkByTrace {
 public:
  WalkByTrace(const storage::QueryContext& context, const Snapshot& snapshot,
              const Question& question, const RowVisitor& visit)
      : scan_(context, snapshot),
        question_(question),
        loader_(scan_, question),
        visit_(visit),
        memory_(context) {}

  Status Run() {
    const Result<std::vector<ScanUnit>> units = scan_.Units(question_.matcher);
    if (!units.ok()) return units.status();
    for (const ScanUnit& unit : *units) {
      SPANDREL_RETURN_IF_ERROR(FindNewIn(unit));
      // In the order in which a row group has them.
      std::sort(found_.begin(), found_.end());
      for (const span::TraceId& id : found_) SPANDREL_RETURN_IF_ERROR(VisitTrace(id));
    }
    return {};
  }

 private:
  // Lists the traces that may match and were in no unit before.
  Status FindNewIn(const ScanUnit& unit) {
    found_.clear();
    return scan_.Visit(unit, question_.matcher, Content::kLight, [this](const span::SpanRef& span) {
      const span::TraceId& id = span.entry().trace_id;
      if (!seen_.insert(id).second) return Status();
      found_.push_back(id);
      return memory_.GrowTo(seen_.size() * kSeenBytes);
    });
  }

  Status VisitTrace(const span::TraceId& id) {
    const Result<LoadedTrace> loaded = loader_.Load(id);
    if (!loaded.ok()) return loaded.status();
    for (size_t i = 0; i < loaded->matched.size(); ++i) {
      if (loaded->matched[i] == 0) continue;
      const storage::TraceFields::Row row(loaded->trace, i);
      const span::SpanRef& span = loaded->trace.span(i);
      SPANDREL_RETURN_IF_ERROR(visit_(span, row, span.entry().weight));
    }
    return {};
  }

  Scan scan_;
  const Question& question_;
  TraceLoader loader_;
  const RowVisitor& visit_;
  std::unordered_set<span::TraceId, span::IdHash> seen_;
  std::vector<span::TraceId> found_;
  storage::QueryMemory memory_;
};

}  // namespace

Status WalkRows(const storage::QueryContext& context, const Snapshot& snapshot,
                const Question& question, const RowVisitor& visit,
                const GroupVisitor& visit_group) {
  if (!question.needs_trace) {
    return WalkBySpan(context, snapshot, question, visit, visit_group).Run();
  }
  return WalkByTrace(context, snapshot, question, visit).Run();
}

}  // namespace spandrel::columnar
