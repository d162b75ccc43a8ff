// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace spandrel::base {

// Prints where and what, then ends the process. For what our own logic makes impossible; never for
// bytes, peers, disks or configuration.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace spandrel::base

#define SPANDREL_CHECK(condition) \
  ((condition) ? (void)0 : ::spandrel::base::CheckFailed(__FILE__, __LINE__, #condition))
