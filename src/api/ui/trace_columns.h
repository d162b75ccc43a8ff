// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "base/status.h"
#include "query/trace_layout.h"
#include "span/ids.h"

namespace spandrel::api {

// Takes the next bytes of a file; an error ends the writing.
using PieceWriter = std::function<base::Status(std::string_view)>;

// Writes the trace as the columnar file of docs/formats/ui-api.md.
base::Status WriteTraceColumns(const span::TraceId& trace_id, const query::TraceLayout& layout,
                               const PieceWriter& write);

// What laying out and writing takes beside the trace itself, about, for each span.
inline constexpr size_t kLayoutBytesPerSpan = 256;

}  // namespace spandrel::api
