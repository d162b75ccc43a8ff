// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/status.h"
#include "span/span_view.h"
#include "storage/query_context.h"

namespace spandrel::columnar {

// Copies spans out of several chunks into one that stands alone. Resources and scopes of one source
// entry are copied once; sources must live until Finish. What a chunk takes is reserved of the
// query, and goes back with the chunk.
class ChunkBuilder {
 public:
  // `context` outlives it.
  explicit ChunkBuilder(const storage::QueryContext& context) : context_(context) {}

  // RESOURCE_EXHAUSTED, and nothing is added, when the query has no memory for it. `message` is the
  // span's message where `source` does not hold it.
  base::Status Add(const span::SpanRef& source, std::string_view message);
  base::Status Add(const span::SpanRef& source);

  size_t byte_size() const { return buffer_.size(); }
  bool empty() const { return chunk_->spans.empty(); }

  // The chunk, and the builder is empty again.
  std::shared_ptr<const span::SpanChunk> Finish();

 private:
  base::Status ReserveFor(size_t more_bytes);
  uint32_t ResourceOf(const span::SpanRef& source);
  uint32_t ScopeOf(const span::SpanRef& source);
  base::ByteRange Keep(std::string_view bytes);

  const storage::QueryContext& context_;
  base::ByteBudget::Reservation memory_;  // of the chunk
  std::string buffer_;
  std::shared_ptr<span::SpanChunk> chunk_ = std::make_shared<span::SpanChunk>();
  std::unordered_map<const void*, uint32_t> resources_;  // by address of the source's entry
  std::unordered_map<const void*, uint32_t> scopes_;
};

}  // namespace spandrel::columnar
