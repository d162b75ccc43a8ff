// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/metrics.h"
#include "columnar/options/options.h"
#include "storage/store.h"

namespace spandrel::columnar {

// The gauges of one store, labelled with its directory: sizes as `stats` gives them and what the
// store is set to. They disappear with what is returned; `stats` is called from any thread.
std::vector<std::shared_ptr<void>> AddStoreGauges(base::MetricRegistry& metrics,
                                                  const EngineOptions& options,
                                                  std::function<storage::StoreStats()> stats);

}  // namespace spandrel::columnar
