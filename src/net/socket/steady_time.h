// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace spandrel::net {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

}  // namespace spandrel::net
