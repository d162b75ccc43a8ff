// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "span/span_view.h"

namespace spandrel::columnar {

// Copies spans out of several chunks into one that stands alone. Resources and scopes of one source
// entry are copied once; sources must live until Finish.
class ChunkBuilder {
 public:
  // `message` is the span's message where `source` does not hold it.
  void Add(const span::SpanRef& source, std::string_view message);
  void Add(const span::SpanRef& source);

  size_t byte_size() const { return buffer_.size(); }
  bool empty() const { return chunk_->spans.empty(); }

  // The chunk, and the builder is empty again.
  std::shared_ptr<const span::SpanChunk> Finish();

 private:
  uint32_t ResourceOf(const span::SpanRef& source);
  uint32_t ScopeOf(const span::SpanRef& source);
  base::ByteRange Keep(std::string_view bytes);

  std::string buffer_;
  std::shared_ptr<span::SpanChunk> chunk_ = std::make_shared<span::SpanChunk>();
  std::unordered_map<const void*, uint32_t> resources_;  // by address of the source's entry
  std::unordered_map<const void*, uint32_t> scopes_;
};

}  // namespace spandrel::columnar
