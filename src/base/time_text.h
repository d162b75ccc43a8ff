// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

// Times and durations as people and clients write them, in nanoseconds. What is malformed is
// INVALID_ARGUMENT; the message says what was expected.
namespace spandrel::base {

// The whole text as a decimal number.
std::optional<uint64_t> ParseUnsigned(std::string_view text);

// Like "2026-08-20T10:00:00.123456789Z" or with an offset such as "+02:00", before which a space is
// taken for '+', as a client leaves it that does not encode its query. Nanoseconds since the epoch;
// times before it are 0.
Result<uint64_t> ParseRfc3339(std::string_view text);

// The same in UTC, with none, 3, 6 or 9 digits of a second: the fewest that are exact.
std::string Rfc3339Text(uint64_t unix_nano);

// "now", "now-1h" or nanoseconds since the epoch.
Result<uint64_t> ParseTime(std::string_view text, uint64_t now_unix_nano);

// A Go duration that is not negative, in nanoseconds.
Result<uint64_t> ParseDuration(std::string_view text);

}  // namespace spandrel::base
