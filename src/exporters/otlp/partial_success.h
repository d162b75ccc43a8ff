// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "exporters/attempt_log.h"
#include "pipeline/component.h"
#include "wire/otlp.h"

namespace spandrel::exporters {

// What to do with a peer's answer to an export that it took: spans it rejected are counted and
// told to the log, never sent again (OTLP specification, partial success). Thread-safe.
class PartialSuccessReport {
 public:
  explicit PartialSuccessReport(const pipeline::ComponentContext& context)
      : log_(context.id + ": partial success"),
        rejected_(context.metrics.AddCounter(
            "spandrel_exporter_rejected_spans_total",
            "Spans that the peer took the request of but rejected; they are lost.",
            {{"exporter", context.id}})) {}

  void Add(const wire::PartialSuccess& partial) {
    if (partial.rejected_spans <= 0 && partial.error_message.empty()) return;
    if (partial.rejected_spans > 0) rejected_.Add(static_cast<uint64_t>(partial.rejected_spans));
    log_.Report(
        {base::StatusCode::kInvalidArgument,
         std::to_string(partial.rejected_spans) + " spans rejected: " + partial.error_message});
  }

 private:
  AttemptLog log_;
  base::Counter& rejected_;
};

}  // namespace spandrel::exporters
