// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "columnar/head/head.h"
#include "columnar/head/parked_head.h"

namespace spandrel::columnar {

// What a head, parked or not, held at one moment. Copies share the head. One thread.
class HeadView {
 public:
  explicit HeadView(std::shared_ptr<const Head> head);
  explicit HeadView(ParkedHeadPtr head);

  // Copied out of the head when it is asked for, since a fetch by id does not need it. Load() gives
  // what is in them.
  const std::vector<HeadChunk>& chunks() const;
  // The spans that came together; null when they cannot be read, then the view is damaged().
  std::shared_ptr<const span::SpanChunk> Load(const HeadChunk& chunk) const;
  // The spans of a chunk that are in the head.
  std::vector<uint32_t> SpansOf(const HeadChunk& chunk) const;
  // All spans of a trace, in order of arrival. The refs live as long as what is added to `chunks`.
  void FindTrace(const span::TraceId& id, std::vector<span::SpanRef>* spans,
                 std::vector<std::shared_ptr<const span::SpanChunk>>* chunks) const;

  // True once spans could not be read: no answer that used the view counts.
  bool damaged() const { return parked_ != nullptr && parked_->damaged(); }

 private:
  void FindParked(const span::TraceId& id, std::vector<span::SpanRef>* spans,
                  std::vector<std::shared_ptr<const span::SpanChunk>>* chunks) const;
  void ListParkedChunks() const;

  std::shared_ptr<const Head> head_;  // or
  ParkedHeadPtr parked_;
  size_t chunk_count_ = 0;
  uint32_t row_count_ = 0;
  mutable std::vector<HeadChunk> chunks_;
};

}  // namespace spandrel::columnar
