// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "columnar/read/scan/part_source.h"
#include "columnar/snapshot/snapshot.h"
#include "storage/query_context.h"

namespace spandrel::columnar {

// Rows that are read together: a row group of a part or a chunk of a head.
struct ScanUnit {
  uint32_t source = 0;  // parts first, then heads
  uint32_t index = 0;
  uint64_t min_start = 0;
  uint64_t max_start = 0;
};

// One query's way to everything stored. Parts are opened when they are needed. One thread.
// Errors are the context's, and DATA_LOSS of a part, which has then marked itself as damaged.
class Scan {
 public:
  Scan(const storage::QueryContext& context, const Snapshot& snapshot);

  // All units that may hold matching spans, those with the newest starts first.
  base::Result<std::vector<ScanUnit>> Units(const Matcher& matcher);

  // Calls `visit` for each matching span of a unit, until it fails. Refs are valid during the call.
  // A scan serves one matcher.
  base::Status Visit(const ScanUnit& unit, const Matcher& matcher, const Content& content,
                     const SpanVisitor& visit);
  // The same for all units.
  base::Status VisitAll(const Matcher& matcher, const Content& content, const SpanVisitor& visit);

  uint64_t scanned_spans() const { return scanned_spans_; }
  // Of spans that were looked at in another way, and of their messages.
  void CountScanned(uint64_t spans, uint64_t bytes = 0) {
    scanned_spans_ += spans;
    context_.Inspect(spans, bytes);
  }

  size_t part_count() const { return sources_.size(); }
  base::Result<PartSource*> Source(size_t part);
  const Snapshot& snapshot() const { return snapshot_; }
  const storage::QueryContext& context() const { return context_; }

 private:
  base::Status AddPartUnits(size_t part, const Matcher& matcher, std::vector<ScanUnit>* units);
  base::Status VisitHead(const HeadView& head, const HeadChunk& chunk, const Matcher& matcher,
                         const Content& content, const SpanVisitor& visit);

  const storage::QueryContext& context_;
  const Snapshot& snapshot_;
  std::vector<std::optional<PartSource>> sources_;
  uint64_t scanned_spans_ = 0;
};

// A span of a trace, and whether it matches what is asked for.
struct FoundSpan {
  span::SpanRef span;
  bool matches = false;
};

// All spans of single traces, whichever places they are in.
class TraceFetch {
 public:
  explicit TraceFetch(Scan& scan) : scan_(scan) {}

  const storage::QueryContext& context() const { return scan_.context(); }

  // Finds the spans of a trace, by start time and span id; none when the trace is not stored.
  // The refs are valid until the next call.
  base::Result<const std::vector<span::SpanRef>*> Load(const span::TraceId& id,
                                                       const TraceAsk& ask);

  // The same, and which of the spans match: row groups are asked as a whole, so that no message is
  // put together for it. A fetch serves one matcher.
  base::Result<const std::vector<FoundSpan>*> LoadMatching(
      const span::TraceId& id, const Matcher& matcher, const Content& content = Content::kLight);

  // The last trace as a chunk of its own, when that is what it was read as: in order, and all.
  std::shared_ptr<const span::SpanChunk> WholeChunk() const;

  // Row groups that may hold spans of the last trace and could not be read.
  size_t unreadable() const { return unreadable_; }

 private:
  base::Status LoadFromParts(const span::TraceId& id, const TraceAsk& ask, const Matcher* matcher);
  base::Status LoadFromPart(size_t part, const span::TraceId& id, const TraceAsk& ask,
                            const Matcher* matcher);
  void LoadFromHeads(const span::TraceId& id);
  // Says of the last `count` spans, which were found in a row group, which of them match.
  void MarkMatching(PartSource& source, uint32_t group, uint32_t first_row, size_t count,
                    const Matcher& matcher);

  Scan& scan_;
  std::vector<std::shared_ptr<const span::SpanChunk>> chunks_;
  std::vector<FoundSpan> found_;
  std::vector<std::shared_ptr<const span::SpanChunk>> head_chunks_;
  std::vector<span::SpanRef> spans_;
  size_t unreadable_ = 0;
};

}  // namespace spandrel::columnar
