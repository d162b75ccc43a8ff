// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "columnar/snapshot/snapshot.h"
#include "storage/query_context.h"
#include "storage/store.h"

namespace spandrel::columnar {

base::Result<std::vector<storage::Dependency>> FindDependencies(
    const storage::QueryContext& context, const Snapshot& snapshot, storage::TimeRange range);

}  // namespace spandrel::columnar
