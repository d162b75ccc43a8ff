// SPDX-License-Identifier: Apache-2.0
#include "net/http/body.h"

#include <algorithm>

namespace spandrel::net {
namespace {

constexpr size_t kBelievedBytes = 16 << 10;  // of a claimed size, whoever claims it
constexpr size_t kBelievedFactor = 4;        // and so many times what has come of it
constexpr size_t kSmallestStepBytes = 4 << 10;
constexpr size_t kJoinBytes = 4 << 10;  // small pieces are joined up to this

}  // namespace

bool IncomingBody::Grow(size_t bytes) {
  if (memory_ == nullptr) return true;
  if (!hold_.TryGrow(bytes, *memory_)) return false;
  if (reservation_.bytes() == 0) return memory_->TryReserve(bytes, &reservation_);
  return reservation_.TryGrow(bytes);
}

size_t IncomingBody::CapacityFor(size_t needed, size_t reserved) const {
  // A size that has been passed was no size.
  const bool is_known = needed <= expected_;
  const size_t roomy = is_known
                           ? std::min(expected_, std::max(needed * kBelievedFactor, kBelievedBytes))
                           : std::max(reserved * 2, kSmallestStepBytes);
  return std::min(std::max(needed, roomy), limit_);
}

BodyOutcome IncomingBody::Expect(size_t size) {
  if (size > limit_) return BodyOutcome::kTooLarge;
  if (memory_ != nullptr && size > memory_->available()) return BodyOutcome::kNoMemory;
  expected_ = size;
  return BodyOutcome::kOk;
}

BodyOutcome IncomingBody::Append(std::string_view bytes) {
  if (bytes.size() > limit_ - bytes_.size()) return BodyOutcome::kTooLarge;
  const size_t needed = bytes_.size() + bytes.size();
  // A fresh string has room for a few bytes that nobody reserved: count from zero then.
  const size_t reserved = bytes_.empty() ? 0 : bytes_.capacity();
  if (needed > reserved) {
    const size_t capacity = CapacityFor(needed, reserved);
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
  hold_.Release();
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
