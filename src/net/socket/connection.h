// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "net/socket/protocol.h"

namespace spandrel::net {

class Transport;

struct ConnectionTimeouts {
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds stalled_write{60'000};
  // What a peer must take in every `read_window` while something waits for it. 0: as it likes.
  size_t min_read_bytes_per_second = 0;
  std::chrono::milliseconds read_window{10'000};
};

// Moves bytes between one socket and one protocol, and keeps time for it. Idle it holds no buffers:
// reads go through a buffer of the thread, and output is given back when it is out. The owner keeps
// it alive until it is closed.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Command = std::function<void(Protocol&)>;

  Connection(Transport transport, ConnectionTimeouts timeouts);
  ~Connection();

  // Called once, on the strand, when all is over. Before Start.
  void set_on_closed(std::function<void()> on_closed) { on_closed_ = std::move(on_closed); }

  // Once, before anything else. Returns at once.
  void Start(std::unique_ptr<Protocol> protocol);
  // Runs `command` on the strand, never inside this call; drops it when the connection is closed.
  // Any thread.
  void Submit(Command command);
  // Tells the protocol to finish what is under way. Any thread.
  void Drain();
  // Closes without waiting for output. Any thread.
  void Abort(base::Status why);
  // The same, but only when nothing is under way by then.
  void CloseIfIdle(base::Status why);
  // As Protocol::IdleSince, as far as it is known. Any thread.
  std::optional<TimePoint> idle_since() const;

 private:
  struct Io;

  void Handshake();
  void ArmRead();
  void ArmError();
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
  void NoteOutput();
  int64_t BytesTaken() const;
  bool ReadsTooSlowly(TimePoint now);
  void NoteIdle(std::optional<TimePoint> since);
  void ReadLastInput();
  void Linger();
  bool ThrowAway(size_t bytes);
  void Close(const base::Status& why);
  std::optional<TimePoint> NextDeadline() const;

  const std::unique_ptr<Io> io_;  // the socket and the timer
  const ConnectionTimeouts timeouts_;
  std::function<void()> on_closed_;
  std::unique_ptr<Protocol> protocol_;
  TimePoint timer_at_;
  TimePoint phase_deadline_;    // of the handshake, or of lingering at the longest
  TimePoint last_input_;        // while lingering
  TimePoint write_stalled_at_;  // when unsent output ends the connection

  // While output waits: when to look how much of it the peer has taken, and how much it had taken
  // when it began to wait.
  std::optional<TimePoint> read_check_at_;
  int64_t taken_before_ = 0;
  int64_t written_ = 0;  // by the socket's account

  std::atomic<TimePoint::rep> idle_since_;  // kBusy: not idle
  std::string out_;
  size_t out_sent_ = 0;
  size_t lingered_bytes_ = 0;
  bool handshaking_ = true;
  bool read_armed_ = false;
  bool error_armed_ = false;
  bool write_armed_ = false;
  bool timer_armed_ = false;
  bool eof_ = false;
  bool lingering_ = false;
  bool closed_ = false;

  base::Mutex inbox_mutex_;
  std::vector<Command> inbox_ SPANDREL_GUARDED_BY(inbox_mutex_);
};

}  // namespace spandrel::net
