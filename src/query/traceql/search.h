// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "query/traceql/spansets.h"
#include "span/ids.h"
#include "storage/query_context.h"
#include "storage/reader.h"
#include "storage/search.h"
#include "traceql/ast.h"

namespace spandrel::query {

struct SpansSearch {
  traceql::Pipeline pipeline;
  storage::TimeRange start_time;  // a trace is found when a span of its answer starts in it
  size_t limit = 20;              // traces; exact
  size_t spans_per_set = 3;       // shown of each spanset, the earliest; 0: all
};

// A value of a span as an answer shows it.
struct ShownValue {
  traceql::Field field;
  std::vector<storage::Value> values;  // several of an array, or of several events
};

struct FoundSpan {
  span::SpanId span_id;
  uint64_t start_time_unix_nano = 0;
  uint64_t duration_nano = 0;
  std::vector<ShownValue> values;  // of the fields that the query names and the span has
};

struct FoundSpanset {
  std::vector<FoundSpan> spans;
  size_t matched = 0;
  std::vector<SpansetLabel> labels;
};

struct FoundTrace {
  span::TraceId trace_id;
  bool has_root = false;  // of the earliest span without a parent, as the next two
  std::string root_service;
  std::string root_name;
  uint64_t start_time_unix_nano = 0;
  uint64_t duration_nano = 0;
  std::vector<storage::ServiceSummary> services;  // by name
  std::vector<FoundSpanset> spansets;
};

struct FoundTraces {
  std::vector<FoundTrace> traces;  // by the newest span of the answer in the range, latest first
  size_t inspected = 0;            // traces
};

// Every span of a trace counts, also those outside of the range. What is found stays reserved of
// the context as long as that lives. INVALID_ARGUMENT for regular expressions that are malformed or
// too large, and filters too large for the store.
base::Result<FoundTraces> SearchSpans(const storage::QueryContext& context, storage::Reader& reader,
                                      const SpansSearch& search);

}  // namespace spandrel::query
