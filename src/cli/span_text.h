// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "cli/look.h"
#include "query/trace_layout.h"

namespace spandrel::cli {

// All that a span says, an attribute a line; values of several lines, as stack traces are, are
// several lines.
std::string SpanText(const query::TraceLayout& layout, size_t place, const Look& look);

}  // namespace spandrel::cli
