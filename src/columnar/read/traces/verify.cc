// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/traces/verify.h"

#include "columnar/read/scan/scan.h"

namespace spandrel::columnar {
namespace {

// Visits zone after zone, so that it can be ended in between.
base::Status VisitWhole(Scan& scan, const Matcher& all, ReadThrough* result,
                        const std::function<bool(uint64_t)>& progress) {
  const auto units = scan.Units(all);
  if (!units.ok()) return units.status();
  for (const ScanUnit& unit : *units) {
    SPANDREL_RETURN_IF_ERROR(scan.Visit(unit, all, Content::kFull, [result](const span::SpanRef&) {
      ++result->spans;
      return base::Status();
    }));
    result->stopped = !progress(result->spans);
    if (result->stopped) return {};
  }
  return {};
}

}  // namespace

ReadThrough ReadThroughPart(const PartPtr& part, const std::function<bool(uint64_t)>& progress) {
  ReadThrough result;
  const base::Result<Matcher> all = Matcher::Make({}, {});
  base::Counter unreadable;
  Snapshot snapshot;
  snapshot.parts = {part};
  snapshot.unreadable_spans = &unreadable;
  const storage::QueryContext context;
  Scan scan(context, snapshot);
  const base::Status read = VisitWhole(scan, *all, &result, progress);
  if (!read.ok()) {
    result.damage = read.message();
  } else if (unreadable.value() > 0) {
    result.damage = std::to_string(unreadable.value()) + " spans cannot be read";
  }
  return result;
}

}  // namespace spandrel::columnar
