// SPDX-License-Identifier: Apache-2.0
#include "storage/trace_scan.h"

namespace spandrel::storage {
namespace {

void AppendRow(const TraceFields& trace, size_t span, const std::vector<FieldRef>& fields,
               TraceSlice* slice) {
  const span::SpanEntry& entry = trace.span(span).entry();
  slice->span_ids.push_back(entry.span_id);
  slice->starts.push_back(entry.start_time_unix_nano);
  slice->durations.push_back(entry.duration_nano());
  const TraceFields::Row row(trace, span);
  for (size_t i = 0; i < fields.size(); ++i) {
    FieldColumn& column = slice->fields[i];
    row.Visit(fields[i], [&column](const span::ValueView& value) {
      AppendValues(value, &column.values);
      return false;
    });
    column.ends.push_back(static_cast<uint32_t>(column.values.size()));
  }
}

}  // namespace

TraceSlice SliceOf(const TraceFields& trace, const std::vector<uint8_t>& matched,
                   const TraceScanRequest& request) {
  TraceSlice slice;
  slice.trace_id = trace.span(0).entry().trace_id;
  slice.weight = trace.weight();
  slice.fields.resize(request.fields.size());
  std::vector<int32_t> row_of(trace.size(), kParentLeftOut);
  int32_t rows = 0;
  for (size_t i = 0; i < trace.size(); ++i) {
    if (request.whole_traces || matched[i] != 0) row_of[i] = rows++;
  }
  for (size_t i = 0; i < trace.size(); ++i) {
    if (row_of[i] < 0) continue;
    const int32_t parent = trace.parent(i);
    slice.parents.push_back(parent < 0 ? parent : row_of[static_cast<size_t>(parent)]);
    slice.matched.push_back(matched[i]);
    AppendRow(trace, i, request.fields, &slice);
  }
  return slice;
}

}  // namespace spandrel::storage
