// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "query/trace_layout.h"
#include "span/ids.h"

namespace spandrel::api {

// The trace as the columnar file of docs/formats/ui-api.md.
std::string EncodeTraceColumns(const span::TraceId& trace_id, const query::TraceLayout& layout);

}  // namespace spandrel::api
