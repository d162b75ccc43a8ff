// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "crash/ledger.h"
#include "crash/numbered_request.h"
#include "span/ids.h"
#include "storage/store.h"

namespace spandrel::crash {

using SpanKey = std::pair<span::TraceId, span::SpanId>;

// What a store has of what a ledger lists.
struct Findings {
  uint64_t acknowledged = 0;  // spans
  uint64_t present = 0;       // spans, acknowledged or not
  uint64_t wrong = 0;         // spans whose bytes, resource or scope are not what was sent
  uint64_t repeated = 0;      // spans that came back more than once
  uint64_t phantom = 0;       // spans that nobody sent
  uint64_t overcounted = 0;   // spans that a count over the store has and reading has not
  uint64_t undercounted = 0;  // and the reverse
  uint64_t half = 0;          // requests, not acknowledged, of which only a part is there
  uint64_t failed_reads = 0;
  std::set<SpanKey> missing;  // acknowledged spans

  bool is_clean() const {
    return missing.empty() && is_faithful() &&
           half + failed_reads + overcounted + undercounted == 0;
  }
  // Nothing came back but what was sent, once.
  bool is_faithful() const { return wrong + repeated + phantom == 0; }
  // `acknowledged=N lost=N ...`, for whoever adds up.
  std::string ToString() const;
};

// Reads every trace that was sent by its id and compares it with what was sent, byte by byte; then,
// unless there are others, counts all spans of the store by a query, so that any more show.
Findings CheckStore(storage::Reader& store, const Ledger& ledger, const RequestShape& shape,
                    bool others = false);

}  // namespace spandrel::crash
