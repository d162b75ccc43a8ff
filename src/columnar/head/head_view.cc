// SPDX-License-Identifier: Apache-2.0
#include "columnar/head/head_view.h"

#include <utility>

namespace spandrel::columnar {

HeadView::HeadView(std::shared_ptr<const Head> head) : head_(std::move(head)) {
  base::ReaderLock lock(head_->mutex_);
  chunk_count_ = head_->chunks_.size();
  row_count_ = static_cast<uint32_t>(head_->rows_.size());
}

HeadView::HeadView(ParkedHeadPtr head)
    : parked_(std::move(head)), chunk_count_(parked_->chunks().size()) {}

const std::vector<HeadChunk>& HeadView::chunks() const {
  if (chunks_.size() == chunk_count_) return chunks_;
  if (parked_ != nullptr) {
    ListParkedChunks();
    return chunks_;
  }
  base::ReaderLock lock(head_->mutex_);
  const auto first = head_->chunks_.begin();
  chunks_.assign(first, first + static_cast<ptrdiff_t>(chunk_count_));
  return chunks_;
}

void HeadView::ListParkedChunks() const {
  chunks_.reserve(chunk_count_);
  for (const ParkedHead::Chunk& chunk : parked_->chunks()) {
    chunks_.push_back(
        {nullptr, chunk.first_row, chunk.row_count, chunk.min_start, chunk.max_start});
  }
}

std::shared_ptr<const span::SpanChunk> HeadView::Load(const HeadChunk& chunk) const {
  if (parked_ == nullptr) return chunk.chunk;
  return parked_->Load(parked_->ChunkOfRow(chunk.first_row));
}

std::vector<uint32_t> HeadView::SpansOf(const HeadChunk& chunk) const {
  if (parked_ != nullptr) return parked_->SpansOf(parked_->ChunkOfRow(chunk.first_row));
  std::vector<uint32_t> spans;
  spans.reserve(chunk.row_count);
  base::ReaderLock lock(head_->mutex_);
  for (uint32_t i = 0; i < chunk.row_count; ++i) {
    spans.push_back(head_->rows_[chunk.first_row + i].span);
  }
  return spans;
}

void HeadView::FindTrace(const span::TraceId& id, std::vector<span::SpanRef>* spans,
                         std::vector<std::shared_ptr<const span::SpanChunk>>* chunks) const {
  if (parked_ != nullptr) return FindParked(id, spans, chunks);
  base::ReaderLock lock(head_->mutex_);
  const uint32_t trace = head_->index_.traces.Find(
      head_->index_.TraceKey(id), [&](uint32_t t) { return head_->traces_[t].id == id; });
  if (trace == HashIndex::kAbsent) return;
  uint32_t row = head_->traces_[trace].first_row;
  while (row != HashIndex::kAbsent && row < row_count_) {
    const HeadRow& at = head_->rows_[row];
    spans->emplace_back(*head_->chunks_[at.chunk].chunk, at.span);
    row = at.next_of_trace;
  }
}

void HeadView::FindParked(const span::TraceId& id, std::vector<span::SpanRef>* spans,
                          std::vector<std::shared_ptr<const span::SpanChunk>>* chunks) const {
  for (const uint32_t number : parked_->ChunksOf(id)) {
    const auto chunk = parked_->Load(number);
    if (chunk == nullptr) continue;
    for (const uint32_t i : parked_->SpansOf(number)) {
      if (chunk->spans[i].trace_id == id) spans->emplace_back(*chunk, i);
    }
    chunks->push_back(chunk);
  }
}

}  // namespace spandrel::columnar
