// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_budget.h"
#include "base/status.h"
#include "signal/record_batch.h"
#include "span/edit/request_editor.h"

namespace spandrel::signal {

template <typename Batch>
struct EditedRecords {
  Batch batch;
  span::EditCounts counts;
};

// What span::EditSpans is for spans. Of metrics, the parts that an edit is asked about are the data
// points; a metric that loses all of them stays, without any.
base::Result<EditedRecords<MetricBatch>> EditRecords(const MetricBatch& batch,
                                                     const span::RequestEdit& edit,
                                                     base::ByteBudget& memory,
                                                     const span::EditLimits& limits = {});
base::Result<EditedRecords<LogBatch>> EditRecords(const LogBatch& batch,
                                                  const span::RequestEdit& edit,
                                                  base::ByteBudget& memory,
                                                  const span::EditLimits& limits = {});

}  // namespace spandrel::signal
