// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "base/status.h"
#include "span/span_batch.h"
#include "storage/evaluate.h"
#include "storage/expression.h"
#include "storage/time_range.h"
#include "storage/trace_fields.h"

// Matching spans, or whole traces of which a span matches, as columns: what questions about several
// spans of a trace are answered from.
namespace spandrel::storage {

enum class ScanOrder : uint8_t {
  kUnordered,
  kNewest,  // by the start of the trace's newest matching span, latest first, then by trace id
};

struct TraceScanRequest {
  Expression where;
  TimeRange start_time;  // of the spans that match
  // To be read of each row, whether its span matches or not.
  std::vector<FieldRef> fields;
  std::vector<Expression> conditions;
  std::vector<Expression> operands;
  // What some span of a trace must hold, each: of other traces, any may be left out.
  std::vector<Expression> needs;
  bool whole_traces = false;  // all spans of the traces, not only those that match
  ScanOrder order = ScanOrder::kUnordered;
  size_t limit = std::numeric_limits<size_t>::max();  // traces; exact
};

// The values of one field in the rows of a slice: those of row i are from ends[i - 1] (0 for the
// first row) to ends[i]. As storage::AppendValues makes them; of an absent field none.
struct FieldColumn {
  std::vector<uint32_t> ends;
  std::vector<Value> values;
};

// One trace, a row for each of its spans, ordered by start time and then span id.
struct TraceSlice {
  span::TraceId trace_id;
  uint16_t weight = 1;  // how many traces it stands for, its spans likewise
  std::vector<span::SpanId> span_ids;
  std::vector<int32_t> parents;  // the parent's row, or kNoParent, kOrphan, kParentLeftOut
  std::vector<uint64_t> starts;
  std::vector<uint64_t> durations;
  std::vector<uint8_t> matched;             // 1: matches and starts in the range. Some row does
  std::vector<FieldColumn> fields;          // in the order of the request, as the next two
  std::vector<std::vector<uint8_t>> holds;  // of each condition, by row: 1 where it does
  std::vector<FieldColumn> operands;        // of each operand, but as storage::ValueOf makes them

  size_t row_count() const { return span_ids.size(); }
};

class TraceSink {
 public:
  virtual ~TraceSink() = default;
  // Takes one trace. False ends the scan. Called from one thread at a time.
  virtual bool OnTrace(TraceSlice&& slice) = 0;
};

// What a request asks of each row, made ready. Immutable.
struct RowQuestions {
  // Errors as of Evaluator::MakeAll.
  static base::Result<RowQuestions> Make(const QueryContext& context,
                                         const TraceScanRequest& request);
  // The shapes of all that is asked are valid, and the regular expressions are among `regexes`.
  static RowQuestions OfPart(const TraceScanRequest& request,
                             const std::shared_ptr<const Regexes>& regexes);

  std::vector<std::shared_ptr<const Evaluator>> conditions;
  std::vector<std::shared_ptr<const Evaluator>> operands;
};

// What a row of a slice takes at most, without its texts, when each field has one value.
size_t RowBytes(const TraceScanRequest& request);

// The slice of a trace of which all spans are at hand; `matched` is by span, `asked` of the same
// request. For engines that read whole spans. While it is made, what it may come to without its
// texts is reserved of the context.
base::Result<TraceSlice> SliceOf(const QueryContext& context, const TraceFields& trace,
                                 const std::vector<uint8_t>& matched,
                                 const TraceScanRequest& request, const RowQuestions& asked);

}  // namespace spandrel::storage
