// SPDX-License-Identifier: Apache-2.0
#include "span/span_batch.h"

#include <array>
#include <utility>

#include "base/check.h"

namespace spandrel::span {

std::string_view SpanKindName(SpanKind kind) {
  static constexpr std::array<std::string_view, 6> kNames = {"unspecified", "internal", "server",
                                                             "client",      "producer", "consumer"};
  const auto index = static_cast<size_t>(kind);
  return index < kNames.size() ? kNames[index] : kNames[0];
}

std::string_view SpanStatusName(SpanStatus status) {
  switch (status) {
    case SpanStatus::kOk:
      return "ok";
    case SpanStatus::kError:
      return "error";
    default:
      return "unset";
  }
}

void SpanBatch::Append(std::shared_ptr<const SpanChunk> chunk) {
  if (chunk->spans.empty()) return;
  span_count_ += chunk->spans.size();
  for (const SpanEntry& span : chunk->spans) byte_size_ += span.message.size;
  chunks_.push_back(std::move(chunk));
}

void SpanBatch::Append(SpanBatch&& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = std::exchange(other, {});
    return;
  }
  SPANDREL_CHECK(origin_ == other.origin_);
  span_count_ += other.span_count_;
  byte_size_ += other.byte_size_;
  for (auto& chunk : other.chunks_) chunks_.push_back(std::move(chunk));
  other = SpanBatch();
}

}  // namespace spandrel::span
