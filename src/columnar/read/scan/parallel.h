// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

#include "base/status.h"

namespace spandrel::columnar {

// Calls `work(is_helper, i)` once for each i below `count`: on the calling thread from the first on
// and, when there is enough to do, on a helper thread from the last on at the same time, so that
// each sees neighbours. `work` keeps what it changes apart by `is_helper`. Stops early after an
// error and returns it.
base::Status RunInParallel(size_t count,
                           const std::function<base::Status(bool is_helper, size_t i)>& work);

}  // namespace spandrel::columnar
