// SPDX-License-Identifier: Apache-2.0
#include "query/traceql/search.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "query/traceql/plan.h"

namespace spandrel::query {
namespace {

using base::Result;
using base::Status;
using storage::FieldColumn;
using storage::TraceSlice;
using storage::Value;

// The first fields of the scan, which every answer shows.
enum Column : size_t { kService, kStatus, kName };

const Value& ValueAt(const FieldColumn& column, uint32_t row) {
  static const Value kNothing = std::string();
  const size_t begin = row == 0 ? 0 : column.ends[row - 1];
  return begin == column.ends[row] ? kNothing : column.values[begin];
}

std::string TextAt(const FieldColumn& column, uint32_t row) {
  return storage::ValueText(ValueAt(column, row));
}

std::vector<storage::ServiceSummary> ServicesOf(const TraceSlice& slice) {
  std::map<std::string, storage::ServiceSummary> services;
  for (uint32_t row = 0; row < slice.row_count(); ++row) {
    storage::ServiceSummary& service = services[TextAt(slice.fields[kService], row)];
    ++service.span_count;
    if (TextAt(slice.fields[kStatus], row) == "error") ++service.error_count;
  }
  std::vector<storage::ServiceSummary> all;
  for (auto& [name, service] : services) {
    service.name = name;
    all.push_back(std::move(service));
  }
  return all;
}

class Finder final : public storage::TraceSink {
 public:
  Finder(const storage::QueryContext& context, const SpansSearch& search, const Plan& plan)
      : context_(context), search_(search), plan_(plan), maker_(context, plan) {}

  bool OnTrace(TraceSlice&& slice) override {
    if (IsFull() && ScanKeyOf(slice) < found_.rbegin()->first.key) return false;
    status_ = Add(slice);
    return status_.ok();
  }

  Result<FoundTraces> Take() {
    if (!status_.ok()) return status_;
    FoundTraces answer;
    answer.inspected = inspected_;
    for (auto& [place, trace] : found_) answer.traces.push_back(std::move(trace));
    return answer;
  }

 private:
  struct Place {
    uint64_t key = 0;
    span::TraceId id;
    bool operator<(const Place& other) const {
      return key != other.key ? key > other.key : id < other.id;
    }
  };

  bool IsFull() const { return found_.size() == search_.limit; }

  // No span of the answer is later.
  static uint64_t ScanKeyOf(const TraceSlice& slice) {
    for (size_t row = slice.row_count(); row-- > 0;) {
      if (slice.matched[row] != 0) return slice.starts[row];
    }
    return 0;
  }

  Status Add(const TraceSlice& slice) {
    ++inspected_;
    SPANDREL_RETURN_IF_ERROR(context_.Check());
    storage::QueryMemory memory(context_);
    auto spansets = maker_.Make(slice, memory);
    if (!spansets.ok()) return spansets.status();
    const auto key = KeyOf(slice, *spansets);
    if (!key) return {};
    const Place place{*key, slice.trace_id};
    if (IsFull()) {
      if (!(place < found_.rbegin()->first)) return {};
      const auto last = std::prev(found_.end());
      context_.GiveBack(BytesOf(last->second));
      found_.erase(last);
    }
    SPANDREL_RETURN_IF_ERROR(memory.Grow(ShownBytes(*spansets)));
    FoundTrace trace = Describe(slice, *std::move(spansets));
    SPANDREL_RETURN_IF_ERROR(context_.Reserve(BytesOf(trace)));
    found_.emplace(place, std::move(trace));
    return {};
  }

  std::optional<uint64_t> KeyOf(const TraceSlice& slice,
                                const std::vector<Spanset>& spansets) const {
    std::optional<uint64_t> newest;
    for (const Spanset& spanset : spansets) {
      for (const uint32_t row : spanset.rows) {
        const uint64_t start = slice.starts[row];
        if (search_.start_time.Contains(start)) newest = std::max(newest.value_or(0), start);
      }
    }
    return newest;
  }

  size_t ShownOf(const Spanset& spanset) const {
    const size_t rows = spanset.rows.size();
    return search_.spans_per_set == 0 ? rows : std::min(rows, search_.spans_per_set);
  }

  // What is shown of spansets beside their labels, at most, without its texts.
  size_t ShownBytes(const std::vector<Spanset>& spansets) const {
    size_t spans = 0;
    for (const Spanset& spanset : spansets) spans += ShownOf(spanset);
    return spans * (sizeof(FoundSpan) + plan_.shown.size() * (sizeof(ShownValue) + sizeof(Value)));
  }

  FoundTrace Describe(const TraceSlice& slice, std::vector<Spanset> spansets) const {
    FoundTrace trace;
    trace.trace_id = slice.trace_id;
    trace.start_time_unix_nano = slice.starts[0];
    uint64_t end = 0;
    for (uint32_t row = 0; row < slice.row_count(); ++row) {
      end = std::max(end, slice.starts[row] + slice.durations[row]);
      if (trace.has_root || slice.parents[row] != storage::kNoParent) continue;
      trace.has_root = true;
      trace.root_service = TextAt(slice.fields[kService], row);
      trace.root_name = TextAt(slice.fields[kName], row);
    }
    trace.duration_nano = end - trace.start_time_unix_nano;
    trace.services = ServicesOf(slice);
    for (Spanset& spanset : spansets) trace.spansets.push_back(Shown(slice, std::move(spanset)));
    return trace;
  }

  FoundSpanset Shown(const TraceSlice& slice, Spanset spanset) const {
    FoundSpanset shown;
    shown.matched = spanset.rows.size();
    shown.labels = std::move(spanset.labels);
    for (size_t i = 0; i < ShownOf(spanset); ++i) {
      shown.spans.push_back(SpanAt(slice, spanset.rows[i]));
    }
    return shown;
  }

  FoundSpan SpanAt(const TraceSlice& slice, uint32_t row) const {
    FoundSpan span{slice.span_ids[row], slice.starts[row], slice.durations[row], {}};
    for (const ShownField& field : plan_.shown) {
      const FieldColumn& column = slice.fields[field.column];
      const size_t begin = row == 0 ? 0 : column.ends[row - 1];
      if (begin == column.ends[row]) continue;
      const auto first = column.values.begin() + static_cast<ptrdiff_t>(begin);
      const auto last = column.values.begin() + static_cast<ptrdiff_t>(column.ends[row]);
      span.values.push_back({field.field, {first, last}});
    }
    return span;
  }

  static size_t BytesOf(const FoundTrace& trace) {
    size_t bytes = sizeof(trace) + 64 + trace.root_service.size() + trace.root_name.size();
    for (const auto& service : trace.services) bytes += sizeof(service) + service.name.size();
    for (const FoundSpanset& spanset : trace.spansets) {
      bytes += sizeof(spanset) + query::BytesOf(spanset.labels);
      for (const FoundSpan& span : spanset.spans) bytes += BytesOf(span);
    }
    return bytes;
  }

  static size_t BytesOf(const FoundSpan& span) {
    size_t bytes = sizeof(span);
    for (const ShownValue& shown : span.values) {
      bytes += sizeof(shown) + shown.values.size() * sizeof(Value);
      for (const Value& value : shown.values) {
        if (const auto* text = std::get_if<std::string>(&value)) bytes += text->size();
      }
    }
    return bytes;
  }

  const storage::QueryContext& context_;
  const SpansSearch& search_;
  const Plan& plan_;
  const SpansetMaker maker_;
  std::map<Place, FoundTrace> found_;
  size_t inspected_ = 0;
  Status status_;
};

// Traces come in the order of the answer when all that their filter finds is the answer.
bool IsOneFilter(const traceql::Pipeline& pipeline) {
  const auto* spansets = std::get_if<traceql::SpansetExpr>(&pipeline.stages[0].what);
  return pipeline.stages.size() == 1 && spansets != nullptr &&
         spansets->kind == traceql::SpansetExpr::Kind::kFilter;
}

}  // namespace

Result<FoundTraces> SearchSpans(const storage::QueryContext& context, storage::Reader& reader,
                                const SpansSearch& search) {
  Plan plan = MakePlan(search.pipeline, {storage::Intrinsic::kServiceName,
                                         storage::Intrinsic::kStatus, storage::Intrinsic::kName});
  plan.scan.start_time = search.start_time;
  plan.scan.order = storage::ScanOrder::kNewest;
  if (IsOneFilter(search.pipeline)) plan.scan.limit = search.limit;
  Finder finder(context, search, plan);
  SPANDREL_RETURN_IF_ERROR(reader.TraceScan(context, plan.scan, finder));
  return finder.Take();
}

}  // namespace spandrel::query
