// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

// Times as people type them, and as they read them: in the zone of the machine (TZ). Nanoseconds
// since the Unix epoch.
namespace spandrel::cli {

// "2h" or "1d12h" (ago), "now", "now-30m", "today", "yesterday", "14:30" (today), "2026-08-20",
// "2026-08-20 14:30", RFC 3339, or seconds since the epoch (also milli-, micro- or nanoseconds,
// which their digits tell). INVALID_ARGUMENT says what was expected.
base::Result<uint64_t> ParseWhen(std::string_view text, uint64_t now_unix_nano);

// "90s", "2h", "1d12h", "2w": a Go duration with days and weeks.
base::Result<uint64_t> ParseSpan(std::string_view text);

// "2026-08-20 14:30:00.123"; the time of the day alone when `with_date` is false.
std::string WhenText(uint64_t unix_nano, bool with_date = true);

}  // namespace spandrel::cli
