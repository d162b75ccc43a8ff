// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "signal/record_batch.h"
#include "span/span_batch.h"
#include "span/span_view.h"

// What the templates of this folder ask of the chunks of every signal.
namespace spandrel::wire {

inline const std::vector<span::SpanEntry>& EntriesOf(const span::SpanChunk& chunk) {
  return chunk.spans;
}
inline std::vector<span::SpanEntry>& EntriesOf(span::SpanChunk& chunk) {
  return chunk.spans;
}
inline const std::vector<signal::RecordEntry>& EntriesOf(const signal::RecordChunk& chunk) {
  return chunk.records;
}
inline std::vector<signal::RecordEntry>& EntriesOf(signal::RecordChunk& chunk) {
  return chunk.records;
}

// What limits count.
inline size_t ItemsOf(const span::SpanEntry&) {
  return 1;
}
inline size_t ItemsOf(const signal::RecordEntry& entry) {
  return entry.items;
}

template <typename Chunk>
struct RefOfChunk;
template <>
struct RefOfChunk<span::SpanChunk> {
  using Type = span::SpanRef;
};
template <>
struct RefOfChunk<signal::RecordChunk> {
  using Type = signal::RecordRef;
};

}  // namespace spandrel::wire
