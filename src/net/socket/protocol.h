// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "net/socket/steady_time.h"

namespace spandrel::net {

// What is spoken on one connection: bytes in, bytes out, no I/O. Called on the connection's strand,
// and never from within itself.
class Protocol {
 public:
  virtual ~Protocol() = default;

  // The connection is up, after the TLS handshake. An error closes it.
  virtual base::Status OnConnected(std::string_view alpn) = 0;
  // Takes all of `bytes`.
  virtual void OnBytes(std::string_view bytes) = 0;
  // The peer will send nothing more.
  virtual void OnEof() = 0;
  // Appends what can be sent now to `out`, about `limit` bytes at most.
  virtual void Produce(size_t limit, std::string* out) = 0;
  // False while input must wait, since what was read is not dealt with yet.
  virtual bool WantsRead() const { return true; }
  // True when what the peer has said is of use although it takes nothing more from us.
  virtual bool WantsLastInput() const { return false; }
  // True when the connection is to be closed once all output is out.
  virtual bool Done() const = 0;
  // When OnDeadline must be called, unless the deadline has moved by then.
  virtual std::optional<TimePoint> Deadline() const = 0;
  virtual void OnDeadline(TimePoint now) = 0;
  // Since when nothing has been under way, so that closing would do no harm. None: something is.
  virtual std::optional<TimePoint> IdleSince() const { return std::nullopt; }
  // Finish what is under way, take nothing new.
  virtual void OnDrain() = 0;
  // The last call. `why` is OK when we closed it in order, DEADLINE_EXCEEDED when the peer did not
  // read what we sent.
  virtual void OnClosed(const base::Status& why) = 0;
};

}  // namespace spandrel::net
