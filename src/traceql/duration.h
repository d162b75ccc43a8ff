// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace spandrel::traceql {

// Numbers with units, one after the other, in nanoseconds: `1h30m`, `1.5s`, `1d`. Units are ns, us,
// µs, ms, s, m, h, d (24 h), w (7 d), y (365 d); the last three take whole numbers only. Nothing
// when it is none of these or does not fit 64 bits.
std::optional<int64_t> ParseDuration(std::string_view text);

}  // namespace spandrel::traceql
