// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "cli/look.h"
#include "query/trace_layout.h"

namespace spandrel::cli {

// The part of a span's time that none of its children was at work in.
uint64_t OwnTime(const query::TraceLayout& layout, size_t place);

// A trace as a tree: a line that sums it up, then one for each span: name, service, duration, its
// own time, and a bar of when it was (full where it worked itself). Of more than three siblings in
// a row that are alike with all below them (services, names, errors), the first is shown, and a
// line says how many there are more, unless `all` is set.
std::string TraceTreeText(const query::TraceLayout& layout, bool all, const Look& look);

}  // namespace spandrel::cli
