// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "columnar/snapshot/snapshot.h"
#include "storage/store.h"

namespace spandrel::columnar {

base::Result<storage::AggregateResult> AggregateSpans(const Snapshot& snapshot,
                                                      const storage::AggregateRequest& request);

}  // namespace spandrel::columnar
