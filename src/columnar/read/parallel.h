// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

#include "base/status.h"

namespace spandrel::columnar {

// Calls `work(is_helper, i)` once for each i below `count`, in any order: on the calling thread
// and, when there is enough to do, on a helper thread at the same time, so that `work` keeps what
// it changes apart by `is_helper`. Stops early after an error and returns it.
base::Status RunInParallel(size_t count,
                           const std::function<base::Status(bool is_helper, size_t i)>& work);

}  // namespace spandrel::columnar
