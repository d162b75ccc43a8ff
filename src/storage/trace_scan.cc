// SPDX-License-Identifier: Apache-2.0
#include "storage/trace_scan.h"

#include "storage/query_context.h"

namespace spandrel::storage {
namespace {

// How many rows are made before the context is asked, at most.
constexpr size_t kRowsPerCheck = 256;

void EndRow(FieldColumn* column) {
  column->ends.push_back(static_cast<uint32_t>(column->values.size()));
}

void AppendAnswers(const RowQuestions& asked, const TraceFields::Row& row, TraceSlice* slice) {
  for (size_t i = 0; i < asked.conditions.size(); ++i) {
    slice->holds[i].push_back(asked.conditions[i]->Matches(row) ? 1 : 0);
  }
  for (size_t i = 0; i < asked.operands.size(); ++i) {
    FieldColumn& column = slice->operands[i];
    asked.operands[i]->VisitValues(row, [&column](const span::ValueView& value) {
      if (OptionalValue typed = ValueOf(value)) column.values.push_back(*std::move(typed));
      return false;
    });
    EndRow(&column);
  }
}

void AppendRow(const TraceFields& trace, size_t span, const std::vector<FieldRef>& fields,
               const RowQuestions& asked, TraceSlice* slice) {
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
    EndRow(&column);
  }
  AppendAnswers(asked, row, slice);
}

}  // namespace

base::Result<RowQuestions> RowQuestions::Make(const QueryContext& context,
                                              const TraceScanRequest& request) {
  std::vector<const Expression*> all;
  for (const Expression& condition : request.conditions) all.push_back(&condition);
  for (const Expression& operand : request.operands) all.push_back(&operand);
  const auto regexes = CompileRegexes(context, all);
  if (!regexes.ok()) return regexes.status();
  return OfPart(request, *regexes);
}

RowQuestions RowQuestions::OfPart(const TraceScanRequest& request,
                                  const std::shared_ptr<const Regexes>& regexes) {
  RowQuestions asked;
  for (const Expression& condition : request.conditions) {
    asked.conditions.push_back(Evaluator::OfPart(condition, regexes));
  }
  for (const Expression& operand : request.operands) {
    asked.operands.push_back(Evaluator::OfPart(operand, regexes));
  }
  return asked;
}

size_t RowBytes(const TraceScanRequest& request) {
  constexpr size_t kFixed = sizeof(span::SpanId) + sizeof(int32_t) + 2 * sizeof(uint64_t) + 1;
  constexpr size_t kOfField = sizeof(uint32_t) + sizeof(Value);
  return kFixed + request.conditions.size() +
         (request.fields.size() + request.operands.size()) * kOfField;
}

base::Result<TraceSlice> SliceOf(const QueryContext& context, const TraceFields& trace,
                                 const std::vector<uint8_t>& matched,
                                 const TraceScanRequest& request, const RowQuestions& asked) {
  TraceSlice slice;
  slice.trace_id = trace.span(0).entry().trace_id;
  slice.weight = trace.weight();
  slice.fields.resize(request.fields.size());
  slice.holds.resize(asked.conditions.size());
  slice.operands.resize(asked.operands.size());
  std::vector<int32_t> row_of(trace.size(), kParentLeftOut);
  int32_t rows = 0;
  for (size_t i = 0; i < trace.size(); ++i) {
    if (request.whole_traces || matched[i] != 0) row_of[i] = rows++;
  }
  QueryMemory memory(context);
  SPANDREL_RETURN_IF_ERROR(memory.Grow(static_cast<size_t>(rows) * RowBytes(request)));
  for (size_t i = 0; i < trace.size(); ++i) {
    if (row_of[i] < 0) continue;
    if (i % kRowsPerCheck == 0) SPANDREL_RETURN_IF_ERROR(context.Check());
    const int32_t parent = trace.parent(i);
    slice.parents.push_back(parent < 0 ? parent : row_of[static_cast<size_t>(parent)]);
    slice.matched.push_back(matched[i]);
    AppendRow(trace, i, request.fields, asked, &slice);
  }
  return slice;
}

}  // namespace spandrel::storage
