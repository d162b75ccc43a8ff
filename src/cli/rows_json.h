// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "cli/source.h"
#include "span/span_view.h"

// Answers as JSON, an object a line; the members are described in docs/guide/cli.md.
namespace spandrel::cli {

// The fields that `select(name, resource.service.name, status)` gives a span.
std::string ServiceOf(const SpanRow& span);
bool IsError(const SpanRow& span);

std::string TraceJson(const TraceRow& trace);
std::string MatchJson(const TraceRow& trace, const SpanRow& span);
std::string SeriesJson(const SeriesRow& series);
// A stored span with all that it says.
std::string SpanJson(const span::SpanRef& span);

}  // namespace spandrel::cli
