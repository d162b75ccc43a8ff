// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "net/socket/transport.h"

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
  // Finish what is under way, take nothing new.
  virtual void OnDrain() = 0;
  // The last call. `why` is OK when we closed it in order, DEADLINE_EXCEEDED when the peer did not
  // read what we sent.
  virtual void OnClosed(const base::Status& why) = 0;
};

struct ConnectionTimeouts {
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds stalled_write{60'000};
};

// Moves bytes between one socket and one protocol, and keeps time for it. Idle it holds no buffers:
// reads go through a buffer of the thread, and output is given back when it is out. The owner keeps
// it alive until it is closed.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Command = std::function<void(Protocol&)>;

  Connection(Transport transport, ConnectionTimeouts timeouts);

  // Called once, on the strand, when all is over. Before Start.
  void set_on_closed(std::function<void()> on_closed) { on_closed_ = std::move(on_closed); }

  // Once, before anything else. Returns at once.
  void Start(std::unique_ptr<Protocol> protocol);
  // Runs `command` on the strand, never inside this call; drops it when the connection is closed.
  // Any thread.
  void Submit(Command command);
  // Closes without waiting for output. Any thread.
  void Abort(base::Status why);

 private:
  void Handshake();
  void ArmRead();
  void ArmWrite();
  void ArmTimer();
  void OnReadable();
  bool ReadOnce(char* buffer, size_t size, size_t* total);
  void OnTimer();
  void RunInbox();
  void Pump();
  void RefillOutput();
  bool WriteOut();
  void FinishOutput();
  void ReadLastInput();
  void Linger();
  void Close(const base::Status& why);
  std::optional<TimePoint> NextDeadline() const;

  Transport transport_;
  const ConnectionTimeouts timeouts_;
  std::function<void()> on_closed_;
  std::unique_ptr<Protocol> protocol_;
  Timer timer_;
  TimePoint timer_at_;
  TimePoint phase_deadline_;    // of the handshake, or of lingering
  TimePoint write_stalled_at_;  // when unsent output ends the connection

  std::string out_;
  size_t out_sent_ = 0;
  bool handshaking_ = true;
  bool read_armed_ = false;
  bool write_armed_ = false;
  bool timer_armed_ = false;
  bool eof_ = false;
  bool lingering_ = false;
  bool closed_ = false;

  base::Mutex inbox_mutex_;
  std::vector<Command> inbox_ SPANDREL_GUARDED_BY(inbox_mutex_);
};

}  // namespace spandrel::net
