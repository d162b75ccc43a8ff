// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace spandrel::base {

// "1.5ms", as people write durations: three digits.
std::string ShortDurationText(uint64_t nanos);

}  // namespace spandrel::base
