// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "span/span_batch.h"
#include "span/span_view.h"
#include "storage/search.h"

// Traces in a few plain lines, for readers who pay by the word.
namespace spandrel::api {

// `text` without line breaks, so that what a sender wrote stays in its line, and cut where it is
// long.
std::string OneLine(std::string_view text);

// One line: id, root, start, duration, counts.
std::string SummaryText(const storage::TraceSummary& trace);

// The tree of a trace, a line a span with its duration and what of it is on the critical path. Of
// more than `max_spans`, those that took longest and failed stay, with the spans above them; how
// many are left out is said where they were.
std::string OutlineText(const span::SpanBatch& trace, size_t max_spans);

// Where the time of the trace went: services and spans by their time on the critical path.
std::string CriticalPathText(const span::SpanBatch& trace);

// The spans that failed, the deepest first: a failure is often of what lies below it.
std::string ErrorsText(const span::SpanBatch& trace);

// All that one span says, a line an attribute; long values are cut.
std::string SpanText(const span::SpanRef& span);

}  // namespace spandrel::api
