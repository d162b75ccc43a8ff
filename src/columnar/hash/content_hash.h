// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "span/span_view.h"

namespace spandrel::columnar {

// What tells a span from every other one of its trace: a hash of all its bytes and of the resource
// and scope it came with. Two spans with the same trace id, span id, start and content hash are
// taken for one span that was sent twice.
class ContentHasher {
 public:
  // Reads the resources and scopes of a chunk, which must outlive the hasher.
  explicit ContentHasher(const span::SpanChunk& chunk);

  uint64_t Of(const span::SpanEntry& entry) const;

 private:
  const span::SpanChunk& chunk_;
  std::vector<uint64_t> scope_hashes_;
};

// The same of a span whose message lies elsewhere; `scope` is one of `shared`.
uint64_t ContentHashOf(const span::SpanChunk& shared, uint32_t scope, std::string_view message);

// A hash of a trace id that stays the same for ever, for filters on disk.
uint64_t TraceIdHash(const span::TraceId& id);

}  // namespace spandrel::columnar
