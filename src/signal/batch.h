// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <type_traits>

#include "signal/record_batch.h"
#include "signal/signal.h"
#include "span/span_batch.h"

// What code that serves every signal asks of a batch: a stage is a template over the batch type.
namespace spandrel::signal {

template <typename Batch>
struct SignalOfBatch;
template <>
struct SignalOfBatch<span::SpanBatch> : std::integral_constant<Signal, Signal::kTraces> {};
template <>
struct SignalOfBatch<MetricBatch> : std::integral_constant<Signal, Signal::kMetrics> {};
template <>
struct SignalOfBatch<LogBatch> : std::integral_constant<Signal, Signal::kLogs> {};

// The signal of a batch type.
template <typename Batch>
inline constexpr Signal kSignalOf = SignalOfBatch<Batch>::value;

// Spans, data points or log records: what limits and counters count.
inline size_t ItemCount(const span::SpanBatch& batch) {
  return batch.span_count();
}
template <Signal kSignal>
size_t ItemCount(const RecordBatch<kSignal>& batch) {
  return batch.item_count();
}

// Calls `visit.operator()<Batch>()` with the batch type of `signal`.
template <typename Visitor>
decltype(auto) VisitSignal(Signal signal, Visitor&& visit) {
  switch (signal) {
    case Signal::kMetrics:
      return visit.template operator()<MetricBatch>();
    case Signal::kLogs:
      return visit.template operator()<LogBatch>();
    default:
      return visit.template operator()<span::SpanBatch>();
  }
}

}  // namespace spandrel::signal
