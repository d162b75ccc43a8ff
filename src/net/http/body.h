// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "net/http/peer_share.h"

namespace spandrel::net {

enum class BodyOutcome { kOk, kTooLarge, kNoMemory };

// A body being received: its memory is reserved before it is taken, and counts to the share of its
// peer until it is whole. Grows in few steps; a size that is claimed is believed up to a small
// multiple of what has come.
class IncomingBody {
 public:
  // `memory` and `share` may be null, and outlive it.
  IncomingBody(base::ByteBudget* memory, size_t limit, PeerShare* share = nullptr)
      : memory_(memory), limit_(limit), hold_(share) {}

  // Reserves for bytes held beside the body, such as headers.
  bool ReserveExtra(size_t bytes) { return Grow(bytes); }
  // The peer claims this size. kTooLarge when it is over the limit, kNoMemory when so much could
  // not be had now; nothing is spent on the claim.
  BodyOutcome Expect(size_t size);
  BodyOutcome Append(std::string_view bytes);
  size_t size() const { return bytes_.size(); }
  std::string_view bytes() const { return bytes_; }
  void Discard();

  std::string TakeBytes() { return std::move(bytes_); }
  base::ByteBudget::Reservation TakeReservation() {
    hold_.Release();
    return std::move(reservation_);
  }

 private:
  bool Grow(size_t bytes);
  size_t CapacityFor(size_t needed, size_t reserved) const;

  base::ByteBudget* memory_;  // null: unlimited
  size_t limit_;
  size_t expected_ = 0;
  std::string bytes_;
  base::ByteBudget::Reservation reservation_;
  PeerShare::Hold hold_;
};

// A body being sent, in the pieces that were written.
class OutgoingBody {
 public:
  void Push(std::string piece);
  // The bytes stay with the caller until they are drained, or this is cleared.
  void PushBorrowed(std::string_view bytes);
  void Clear() { *this = OutgoingBody(); }
  // Moves `count` bytes, no more than size(), from the front to the end of `out`.
  void Drain(size_t count, std::string* out);
  size_t size() const { return size_; }

 private:
  struct Piece {
    std::string owned;
    std::string_view borrowed;  // when `owned` is empty
    std::string_view bytes() const { return owned.empty() ? borrowed : owned; }
  };

  std::vector<Piece> pieces_;
  size_t first_ = 0;   // of pieces_
  size_t offset_ = 0;  // in the first piece
  size_t size_ = 0;
};

}  // namespace spandrel::net
