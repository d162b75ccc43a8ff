// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdk/record/span_buffer.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

// The content of ScopeSpans before its spans.
std::string EncodeScope(std::string_view name, std::string_view version,
                        std::string_view attributes);

// Groups blocks so that each group makes one request within the limits of the options.
std::vector<SpanBuffer::Blocks> CutIntoRequests(SpanBuffer::Blocks blocks,
                                                const ExportOptions& options);

// One ExportTraceServiceRequest. Blocks of the same scope come under one; `blocks` is reordered.
std::string EncodeRequest(std::string_view resource, SpanBuffer::Blocks& blocks);

}  // namespace spandrel::sdk
