// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/traces/verify.h"

#include <fmt/format.h>

#include "columnar/read/scan/scan.h"

namespace spandrel::columnar {
namespace {

// Visits zone after zone, so that it can be ended in between.
base::Status VisitWhole(Scan& scan, const Matcher& all, ReadThrough* result,
                        const std::function<bool(uint64_t)>& progress) {
  const auto units = scan.Units(all);
  if (!units.ok()) return units.status();
  for (const ScanUnit& unit : *units) {
    const uint64_t before = result->spans;
    SPANDREL_RETURN_IF_ERROR(scan.Visit(unit, all, Content::kFull, [result](const span::SpanRef&) {
      ++result->spans;
      return base::Status();
    }));
    // Some of its spans may have come before the damage was seen.
    if (scan.snapshot().parts[unit.source]->IsGroupDamaged(unit.index)) result->spans = before;
    result->stopped = !progress(result->spans);
    if (result->stopped) return {};
  }
  return {};
}

std::string DamageOf(const Part& part, uint64_t unreadable_spans) {
  if (unreadable_spans > 0) return fmt::format("{} spans cannot be read", unreadable_spans);
  const bool has_whole_guard = part.file().CheckGuard();
  const size_t mended = part.file().mended_pages().size();
  if (part.file().is_rebuilt()) return "both footers are damaged; no span is lost";
  if (mended > 0) return fmt::format("{} pages are damaged; no span is lost", mended);
  return has_whole_guard ? "" : "what would mend it is damaged; no span is lost";
}

}  // namespace

ReadThrough ReadThroughPart(const PartPtr& part, const std::function<bool(uint64_t)>& progress) {
  ReadThrough result;
  const base::Result<Matcher> all = Matcher::Make({}, {});
  DamageNotes unreadable;
  Snapshot snapshot;
  snapshot.parts = {part};
  snapshot.damage = &unreadable;
  const storage::QueryContext context;
  Scan scan(context, snapshot);
  const base::Status read = VisitWhole(scan, *all, &result, progress);
  result.unreadable_spans = read.ok() ? unreadable.spans() : part->footer().row_count;
  result.unreadable_spans += part->file().lost_spans();
  result.damage = read.ok() ? DamageOf(*part, result.unreadable_spans) : read.message();
  return result;
}

}  // namespace spandrel::columnar
