// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "columnar/snapshot/snapshot.h"
#include "storage/catalog.h"
#include "storage/query_context.h"

namespace spandrel::columnar {

// RESOURCE_EXHAUSTED when the names or values take more memory than the context has.
base::Result<storage::NamesResult> ListNames(const storage::QueryContext& context,
                                             const Snapshot& snapshot,
                                             const storage::NamesRequest& request);
base::Result<storage::ValuesResult> ListValues(const storage::QueryContext& context,
                                               const Snapshot& snapshot,
                                               const storage::ValuesRequest& request);

}  // namespace spandrel::columnar
