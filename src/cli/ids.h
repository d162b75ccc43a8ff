// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/status.h"
#include "span/ids.h"

// Ids as they are pasted: of either case, with 0x, with dashes, without their leading zeros.
// INVALID_ARGUMENT says what was expected.
namespace spandrel::cli {

base::Result<span::TraceId> ReadTraceId(std::string_view text);
base::Result<span::SpanId> ReadSpanId(std::string_view text);

}  // namespace spandrel::cli
