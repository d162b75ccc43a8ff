// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "columnar/snapshot/snapshot.h"
#include "storage/query_context.h"
#include "storage/store.h"

namespace spandrel::columnar {

base::Result<storage::AggregateResult> AggregateSpans(const storage::QueryContext& context,
                                                      const Snapshot& snapshot,
                                                      const storage::AggregateRequest& request);

}  // namespace spandrel::columnar
