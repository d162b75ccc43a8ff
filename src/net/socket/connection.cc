// SPDX-License-Identifier: Apache-2.0
#include "net/socket/connection.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/socket/transport.h"

namespace spandrel::net {
namespace {

constexpr size_t kReadBufferBytes = 256 << 10;
constexpr size_t kReadTurnBytes = 1 << 20;  // then other connections get their turn
constexpr size_t kOutputBytes = 256 << 10;
constexpr size_t kKeptOutputBytes = 4 << 10;  // capacity that an idle connection may keep
// Of a peer that goes on sending after our end.
constexpr std::chrono::milliseconds kLingerSilence{1'000};
constexpr std::chrono::milliseconds kLongestLinger{30'000};
constexpr size_t kMaxLingerBytes = 64 << 20;
constexpr TimePoint::rep kBusy = TimePoint::max().time_since_epoch().count();

// Shared by all connections that a thread serves, one at a time.
char* ThreadReadBuffer() {
  thread_local const std::unique_ptr<char[]> buffer(new char[kReadBufferBytes]);
  return buffer.get();
}

}  // namespace

struct Connection::Io {
  explicit Io(Transport connected)
      : transport(std::move(connected)), timer(transport.socket().get_executor()) {}

  Transport transport;
  Timer timer;
};

Connection::Connection(Transport transport, ConnectionTimeouts timeouts)
    : io_(std::make_unique<Io>(std::move(transport))),
      timeouts_(timeouts),
      idle_since_(SteadyClock::now().time_since_epoch().count()) {}

Connection::~Connection() = default;

void Connection::Start(std::unique_ptr<Protocol> protocol) {
  asio::post(io_->transport.socket().get_executor(),
             [self = shared_from_this(), protocol = std::move(protocol)]() mutable {
               self->protocol_ = std::move(protocol);
               self->phase_deadline_ = SteadyClock::now() + self->timeouts_.handshake;
               self->Handshake();
             });
}

void Connection::Submit(Command command) {
  {
    const base::MutexLock lock(inbox_mutex_);
    inbox_.push_back(std::move(command));
    if (inbox_.size() > 1) return;
  }
  asio::post(io_->transport.socket().get_executor(),
             [self = shared_from_this()] { self->RunInbox(); });
}

void Connection::Drain() {
  asio::post(io_->transport.socket().get_executor(), [self = shared_from_this()] {
    if (self->closed_ || self->protocol_ == nullptr) return;
    if (self->lingering_) {
      self->phase_deadline_ = std::min(self->phase_deadline_, SteadyClock::now() + kLingerSilence);
      return self->ArmTimer();
    }
    self->protocol_->OnDrain();
    self->handshaking_ ? self->ArmTimer() : self->Pump();
  });
}

void Connection::Abort(base::Status why) {
  asio::post(io_->transport.socket().get_executor(),
             [self = shared_from_this(), why = std::move(why)] { self->Close(why); });
}

void Connection::CloseIfIdle(base::Status why) {
  asio::post(
      io_->transport.socket().get_executor(), [self = shared_from_this(), why = std::move(why)] {
        if (self->closed_) return;
        const bool idle =
            self->handshaking_ || self->lingering_ || self->protocol_->IdleSince().has_value();
        if (idle && self->out_.empty()) self->Close(why);
      });
}

std::optional<TimePoint> Connection::idle_since() const {
  const TimePoint::rep since = idle_since_.load(std::memory_order_relaxed);
  if (since == kBusy) return std::nullopt;
  return TimePoint(TimePoint::duration(since));
}

void Connection::NoteIdle(std::optional<TimePoint> since) {
  idle_since_.store(since ? since->time_since_epoch().count() : kBusy, std::memory_order_relaxed);
}

void Connection::Handshake() {
  const IoOutcome outcome = io_->transport.Handshake();
  if (outcome.state == IoState::kWantRead) {
    ArmRead();
    return ArmTimer();
  }
  if (outcome.state == IoState::kWantWrite) {
    ArmWrite();
    return ArmTimer();
  }
  base::Status status;
  if (outcome.state != IoState::kOk) {
    const std::string text = outcome.state == IoState::kEof
                                 ? "tls: connection closed during handshake"
                                 : io_->transport.error();
    status = base::Status(base::StatusCode::kUnavailable, text);
  }
  handshaking_ = false;
  if (status.ok()) status = protocol_->OnConnected(io_->transport.alpn());
  if (!status.ok()) return Close(status);
  OnReadable();
}

void Connection::ArmRead() {
  if (closed_ || read_armed_) return;
  if (eof_ || (!handshaking_ && !lingering_ && !protocol_->WantsRead())) return ArmError();
  read_armed_ = true;
  auto resume = [self = shared_from_this()](const ErrorCode& error = {}) {
    self->read_armed_ = false;
    if (error || self->closed_) return;
    self->handshaking_ ? self->Handshake() : self->OnReadable();
  };
  if (io_->transport.HasBufferedInput()) {
    asio::post(io_->transport.socket().get_executor(), [resume = std::move(resume)] { resume(); });
  } else {
    io_->transport.socket().async_wait(Socket::wait_read, std::move(resume));
  }
}

// While nothing is read, only this tells that the peer has gone for good.
void Connection::ArmError() {
  if (error_armed_) return;
  error_armed_ = true;
  io_->transport.socket().async_wait(
      Socket::wait_error, [self = shared_from_this()](const ErrorCode& error) {
        if (error || self->closed_) return;
        const ErrorCode reason = self->io_->transport.TakeError();
        if (!reason) return;  // urgent data, which nobody reads
        self->Close({base::StatusCode::kUnavailable, ErrorText(reason)});
      });
}

void Connection::ArmWrite() {
  if (closed_ || write_armed_) return;
  write_armed_ = true;
  io_->transport.socket().async_wait(Socket::wait_write,
                                     [self = shared_from_this()](const ErrorCode& error) {
                                       self->write_armed_ = false;
                                       if (error || self->closed_) return;
                                       self->handshaking_ ? self->Handshake() : self->Pump();
                                     });
}

void Connection::OnReadable() {
  char* const buffer = ThreadReadBuffer();
  size_t total = 0;
  while (total < kReadTurnBytes && (lingering_ || protocol_->WantsRead())) {
    if (!ReadOnce(buffer, kReadBufferBytes, &total)) break;
  }
  if (!closed_) Pump();
}

// True when there may be more to read at once.
bool Connection::ReadOnce(char* buffer, size_t size, size_t* total) {
  const IoOutcome outcome = io_->transport.Read(buffer, size);
  switch (outcome.state) {
    case IoState::kOk:
      *total += outcome.bytes;
      if (lingering_) return ThrowAway(outcome.bytes);
      protocol_->OnBytes({buffer, outcome.bytes});
      return io_->transport.tls() || outcome.bytes == size;
    case IoState::kWantRead:
      return false;
    case IoState::kWantWrite:
      ArmWrite();
      return false;
    case IoState::kEof:
      eof_ = true;
      if (!lingering_) protocol_->OnEof();
      return false;
    case IoState::kError:
      Close(base::Status(base::StatusCode::kUnavailable, io_->transport.error()));
      return false;
  }
  return false;
}

void Connection::RunInbox() {
  std::vector<Command> commands;
  {
    const base::MutexLock lock(inbox_mutex_);
    commands.swap(inbox_);
  }
  if (closed_ || lingering_ || protocol_ == nullptr) return;
  for (const Command& command : commands) command(*protocol_);
  handshaking_ ? ArmTimer() : Pump();
}

void Connection::Pump() {
  while (!lingering_) {
    RefillOutput();
    if (out_.empty()) {
      if (out_.capacity() > kKeptOutputBytes) std::string().swap(out_);
      break;
    }
    if (!WriteOut()) return;
  }
  if (lingering_ && eof_) return Close({});
  if (!lingering_ && protocol_->Done()) return Linger();
  if (!lingering_) NoteIdle(protocol_->IdleSince());
  ArmRead();
  ArmTimer();
}

void Connection::RefillOutput() {
  if (out_.size() - out_sent_ >= kOutputBytes / 2) return;
  if (out_sent_ > 0) out_.erase(0, std::exchange(out_sent_, 0));
  const bool was_empty = out_.empty();
  protocol_->Produce(kOutputBytes, &out_);
  if (was_empty) write_stalled_at_ = SteadyClock::now() + timeouts_.stalled_write;
}

// False when output waits for the socket, or the connection is closed.
bool Connection::WriteOut() {
  const IoOutcome outcome = io_->transport.Write(out_.data() + out_sent_, out_.size() - out_sent_);
  if (outcome.state == IoState::kOk) {
    out_sent_ += outcome.bytes;
    written_ += static_cast<int64_t>(outcome.bytes);
    write_stalled_at_ = SteadyClock::now() + timeouts_.stalled_write;
    if (out_sent_ == out_.size()) FinishOutput();
    return true;
  }
  if (outcome.state == IoState::kError || outcome.state == IoState::kEof) {
    const base::Status why(base::StatusCode::kUnavailable, outcome.state == IoState::kEof
                                                               ? "connection closed by peer"
                                                               : io_->transport.error());
    ReadLastInput();
    Close(why);
    return false;
  }
  if (outcome.state == IoState::kWantWrite) ArmWrite();
  NoteOutput();
  ArmRead();
  ArmTimer();
  return false;
}

// Whoever closes while we send may have said why: by an answer, a GOAWAY or a TLS alert.
void Connection::ReadLastInput() {
  char* const buffer = ThreadReadBuffer();
  size_t total = 0;
  while (!closed_ && !eof_ && total < kReadTurnBytes && protocol_->WantsLastInput()) {
    if (!ReadOnce(buffer, kReadBufferBytes, &total)) break;
  }
}

void Connection::FinishOutput() {
  out_.clear();
  out_sent_ = 0;
  read_check_at_.reset();
}

void Connection::NoteOutput() {
  NoteIdle(std::nullopt);
  if (read_check_at_ || timeouts_.min_read_bytes_per_second == 0) return;
  read_check_at_ = SteadyClock::now() + timeouts_.read_window;
  taken_before_ = BytesTaken();
}

// What the socket still has is not taken yet: its buffer may hold megabytes, and is filled again in
// large steps.
int64_t Connection::BytesTaken() const {
  int unsent = 0;
  if (ioctl(io_->transport.socket().native_handle(), SIOCOUTQ, &unsent) != 0) unsent = 0;
  return written_ - unsent;
}

bool Connection::ReadsTooSlowly(TimePoint now) {
  if (!read_check_at_ || *read_check_at_ > now) return false;
  const auto seconds = std::chrono::duration<double>(timeouts_.read_window).count();
  const auto least = static_cast<double>(timeouts_.min_read_bytes_per_second) * seconds;
  const int64_t taken = BytesTaken();
  if (static_cast<double>(taken - taken_before_) < least) return true;
  read_check_at_ = now + timeouts_.read_window;
  taken_before_ = taken;
  return false;
}

// Closing with unread input resets the connection and may take the last answer with it; so say that
// we are through, and read for a while until the peer is too: one that uploads reads later.
void Connection::Linger() {
  if (eof_) return Close({});
  lingering_ = true;
  last_input_ = SteadyClock::now();
  NoteIdle(last_input_);
  phase_deadline_ = last_input_ + kLongestLinger;
  protocol_->OnClosed({});
  io_->transport.ShutdownWrite();
  ArmRead();
  ArmTimer();
}

// Input after our end. True when there may be more to read at once.
bool Connection::ThrowAway(size_t bytes) {
  last_input_ = SteadyClock::now();
  lingered_bytes_ += bytes;
  if (lingered_bytes_ <= kMaxLingerBytes) return true;
  Close({});
  return false;
}

std::optional<TimePoint> Connection::NextDeadline() const {
  if (lingering_) return std::min(phase_deadline_, last_input_ + kLingerSilence);
  std::optional<TimePoint> next = protocol_->Deadline();
  if (handshaking_ && (!next || phase_deadline_ < *next)) next = phase_deadline_;
  if (out_.size() > out_sent_ && (!next || write_stalled_at_ < *next)) next = write_stalled_at_;
  if (read_check_at_ && (!next || *read_check_at_ < *next)) next = read_check_at_;
  return next;
}

// A deadline that moves later, as most do, leaves the timer alone: it fires early once and looks
// again.
void Connection::ArmTimer() {
  if (closed_) return;
  const std::optional<TimePoint> next = NextDeadline();
  if (!next || (timer_armed_ && timer_at_ <= *next)) return;
  timer_armed_ = true;
  timer_at_ = *next;
  io_->timer.expires_at(*next);
  io_->timer.async_wait([self = shared_from_this()](const ErrorCode& error) {
    if (error || self->closed_) return;
    self->timer_armed_ = false;
    self->OnTimer();
  });
}

void Connection::OnTimer() {
  const TimePoint now = SteadyClock::now();
  const std::optional<TimePoint> next = NextDeadline();
  if (!next || *next > now) return ArmTimer();
  if (lingering_) return Close({});
  if (handshaking_ && phase_deadline_ <= now) {
    return Close({base::StatusCode::kUnavailable, "tls: handshake timed out"});
  }
  const bool is_stalled = out_.size() > out_sent_ && write_stalled_at_ <= now;
  if (is_stalled || ReadsTooSlowly(now)) {
    return Close({base::StatusCode::kDeadlineExceeded, "peer does not read"});
  }
  protocol_->OnDeadline(now);
  handshaking_ ? ArmTimer() : Pump();
}

void Connection::Close(const base::Status& why) {
  if (std::exchange(closed_, true)) return;
  ErrorCode ignored;
  io_->timer.cancel(ignored);
  io_->transport.Close();
  if (protocol_ != nullptr && !lingering_) protocol_->OnClosed(why);
  protocol_.reset();
  std::string().swap(out_);
  if (on_closed_) std::exchange(on_closed_, nullptr)();
}

}  // namespace spandrel::net
