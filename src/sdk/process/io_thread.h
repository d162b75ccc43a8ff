// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "net/socket/io_runtime.h"

namespace spandrel::sdk {

// The one I/O thread that serves the exporters and remote samplers of all providers. It starts with
// the first who asks and ends with the last who lets go. Thread-safe.
std::shared_ptr<net::IoRuntime> SharedIoThread();

// In the child of a fork, where that thread does not exist: the next who asks gets a new one. What
// the parent's users hold must be leaked.
void ForgetSharedIoThread();

}  // namespace spandrel::sdk
