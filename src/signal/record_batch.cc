// SPDX-License-Identifier: Apache-2.0
#include "signal/record_batch.h"

#include <utility>

#include "base/check.h"

namespace spandrel::signal {

template <Signal kSignal>
void RecordBatch<kSignal>::Append(std::shared_ptr<const RecordChunk> chunk) {
  if (chunk->records.empty()) return;
  record_count_ += chunk->records.size();
  for (const RecordEntry& record : chunk->records) {
    item_count_ += record.items;
    byte_size_ += record.message.size;
  }
  chunks_.push_back(std::move(chunk));
}

template <Signal kSignal>
void RecordBatch<kSignal>::Append(RecordBatch&& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = std::exchange(other, {});
    return;
  }
  SPANDREL_CHECK(origin_ == other.origin_);
  record_count_ += other.record_count_;
  item_count_ += other.item_count_;
  byte_size_ += other.byte_size_;
  for (auto& chunk : other.chunks_) chunks_.push_back(std::move(chunk));
  other = RecordBatch();
}

template class RecordBatch<Signal::kMetrics>;
template class RecordBatch<Signal::kLogs>;

}  // namespace spandrel::signal
