// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "columnar/snapshot/snapshot.h"
#include "storage/measure.h"
#include "storage/query_context.h"

namespace spandrel::columnar {

// RESOURCE_EXHAUSTED when the groups take more memory than the context has.
base::Result<storage::MeasureResult> MeasureSpans(const storage::QueryContext& context,
                                                  const Snapshot& snapshot,
                                                  const storage::MeasureRequest& request);

}  // namespace spandrel::columnar
