// SPDX-License-Identifier: Apache-2.0
#include "net/http/body.h"

#include <algorithm>

namespace spandrel::net {
namespace {

constexpr size_t kFirstStepBytes = 1 << 20;  // a claim is believed this far
constexpr size_t kSmallestStepBytes = 4 << 10;
constexpr size_t kJoinBytes = 4 << 10;  // small pieces are joined up to this

}  // namespace

bool IncomingBody::Grow(size_t bytes) {
  if (memory_ == nullptr) return true;
  if (reservation_.bytes() == 0) return memory_->TryReserve(bytes, &reservation_);
  return reservation_.TryGrow(bytes);
}

BodyOutcome IncomingBody::Expect(size_t size) {
  if (size > limit_) return BodyOutcome::kTooLarge;
  expected_ = size;
  return BodyOutcome::kOk;
}

BodyOutcome IncomingBody::Append(std::string_view bytes) {
  if (bytes.size() > limit_ - bytes_.size()) return BodyOutcome::kTooLarge;
  const size_t needed = bytes_.size() + bytes.size();
  // A fresh string has room for a few bytes that nobody reserved: count from zero then.
  const size_t reserved = bytes_.empty() ? 0 : bytes_.capacity();
  if (needed > reserved) {
    const size_t doubled = std::max(reserved * 2, kSmallestStepBytes);
    const size_t believed = std::min(expected_, std::max(doubled, kFirstStepBytes));
    const size_t capacity =
        std::min(std::max({needed, believed, expected_ == 0 ? doubled : 0}), limit_);
    if (!Grow(capacity - reserved)) return BodyOutcome::kNoMemory;
    // reserve() on the string itself would round up to more than was reserved.
    std::string grown;
    grown.reserve(capacity);
    grown.append(bytes_);
    bytes_ = std::move(grown);
  }
  bytes_.append(bytes);
  return BodyOutcome::kOk;
}

void IncomingBody::Discard() {
  std::string().swap(bytes_);
  reservation_.Release();
}

void OutgoingBody::Push(std::string piece) {
  if (piece.empty()) return;
  size_ += piece.size();
  if (first_ < pieces_.size() && !pieces_.back().owned.empty() &&
      pieces_.back().owned.size() + piece.size() <= kJoinBytes) {
    pieces_.back().owned += piece;
    return;
  }
  pieces_.push_back({std::move(piece), {}});
}

void OutgoingBody::PushBorrowed(std::string_view bytes) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  pieces_.push_back({{}, bytes});
}

void OutgoingBody::Drain(size_t count, std::string* out) {
  size_ -= count;
  while (count > 0) {
    const std::string_view piece = pieces_[first_].bytes();
    const size_t part = std::min(count, piece.size() - offset_);
    out->append(piece.substr(offset_, part));
    count -= part;
    offset_ += part;
    if (offset_ < piece.size()) return;
    pieces_[first_] = Piece();
    offset_ = 0;
    ++first_;
  }
  if (first_ == pieces_.size()) {
    pieces_.clear();
    first_ = 0;
  }
}

}  // namespace spandrel::net
