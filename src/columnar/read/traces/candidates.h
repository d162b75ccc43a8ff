// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "columnar/read/match/row_matcher.h"
#include "columnar/read/scan/question.h"
#include "columnar/read/scan/scan.h"
#include "storage/query_context.h"
#include "storage/search.h"

namespace spandrel::columnar {

// A trace with a span that may match, as one row group or head chunk has it.
struct Candidate {
  storage::Cursor place;  // by the newest such span there
  ScanUnit unit;
  // No span of it in that row group holds what some span of a trace must hold to be found.
  bool lacks_need = false;
};

// The traces that a scan may find, unit by unit, those with the newest spans first. The same trace
// comes once from each unit. One thread.
class TraceCandidates {
 public:
  // `needs` are what some span of a trace must hold each, as matchers that are true of all spans
  // that hold it, of any time. All outlive it.
  TraceCandidates(Scan& scan, const Question& question, const std::vector<Matcher>& needs);

  // Adds those of a unit. What cannot be read is counted, and has none.
  base::Status AddFrom(const ScanUnit& unit);

  bool empty() const { return heap_.empty(); }
  const storage::Cursor& first() const { return heap_.front().place; }
  Candidate TakeFirst();
  // In no order.
  std::vector<Candidate> TakeAll();

  // Whether the trace may have spans beside those in the candidate's row group or head chunk.
  bool MayBeElsewhere(const Candidate& candidate) const;

 private:
  base::Status AddFromGroup(const ScanUnit& unit);
  // Of rows of an open row group, which ascend.
  base::Status AddRows(const ScanUnit& unit, const RowGroupPtr& group,
                       const std::vector<uint32_t>& rows);
  base::Status ReadStarts(const RowGroup& group, const std::vector<uint32_t>& rows);
  // Notes which traces of a row group have what they need there.
  base::Status FindNeeds(const ScanUnit& unit, const RowGroupPtr& group,
                         const std::vector<uint32_t>& first_rows);
  base::Status AddFromSpans(const ScanUnit& unit);
  base::Status Add(Candidate candidate);

  Scan& scan_;
  const Question& question_;
  std::vector<std::unique_ptr<RowMatcher>> needs_;
  std::vector<Candidate> heap_;
  size_t added_ = 0;  // of the heap's end, not in their places yet
  storage::QueryMemory memory_;

  // Of a row group, kept so that their memory is used again.
  RowColumns columns_;
  std::vector<uint64_t> starts_;   // of the rows that match
  std::vector<uint8_t> has_need_;  // by trace; empty when all may have
  std::vector<uint8_t> has_one_;
};

}  // namespace spandrel::columnar
