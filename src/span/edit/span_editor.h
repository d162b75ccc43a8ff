// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/byte_budget.h"
#include "base/status.h"
#include "span/edit/request_editor.h"
#include "span/span_batch.h"

namespace spandrel::span {

struct EditedSpans {
  SpanBatch batch;
  EditCounts counts;
};

// A batch with what the edit makes of its spans. Chunks in which nothing changes are shared as they
// are; others are rewritten whole, with an index of their own and bytes reserved from `memory`.
// UNAVAILABLE when those are not there; nothing is changed then.
base::Result<EditedSpans> EditSpans(const SpanBatch& batch, const RequestEdit& edit,
                                    base::ByteBudget& memory, const EditLimits& limits = {});

}  // namespace spandrel::span
