// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "columnar/snapshot/snapshot.h"
#include "storage/query_context.h"
#include "storage/store.h"

namespace spandrel::columnar {

base::Result<std::vector<std::string>> ListServices(const storage::QueryContext& context,
                                                    const Snapshot& snapshot);

base::Result<std::vector<storage::Operation>> ListOperations(const storage::QueryContext& context,
                                                             const Snapshot& snapshot,
                                                             std::string_view service);

base::Result<std::vector<storage::AttributeName>> ListTagNames(const storage::QueryContext& context,
                                                               const Snapshot& snapshot,
                                                               const storage::Predicate& where,
                                                               storage::TimeRange range,
                                                               size_t limit);

base::Result<std::vector<std::string>> ListTagValues(const storage::QueryContext& context,
                                                     const Snapshot& snapshot,
                                                     const storage::Field& field,
                                                     const storage::Predicate& where,
                                                     storage::TimeRange range, size_t limit);

}  // namespace spandrel::columnar
