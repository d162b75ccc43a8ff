// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace spandrel::bench {

// How often this thread has called malloc, calloc or realloc so far, operator new included.
uint64_t AllocationsOfThisThread();

}  // namespace spandrel::bench
