// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "columnar/snapshot/snapshot.h"
#include "storage/query_context.h"
#include "storage/value_counts.h"

namespace spandrel::columnar {

// RESOURCE_EXHAUSTED when the values take more memory than the context has.
base::Result<storage::ValueCountsResult> CountValues(const storage::QueryContext& context,
                                                     const Snapshot& snapshot,
                                                     const storage::ValueCountsRequest& request);

}  // namespace spandrel::columnar
