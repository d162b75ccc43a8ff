// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/exchange/client_call.h"
#include "net/http2/http2_session.h"
#include "net/socket/protocol.h"

namespace spandrel::net {

// HTTP/2 as a client: many calls at once on one connection.
class Http2Client final : public Protocol, private Http2Session {
 public:
  // `end` is told what becomes of the connection; the calls' tickets have it too. `on_going_away`
  // is called when this connection takes no more calls, before those that it takes down are told.
  Http2Client(std::string scheme, bool tls, std::shared_ptr<ConnectionEnd> end,
              std::function<void()> on_going_away);
  ~Http2Client() override;

  void Call(std::shared_ptr<CallTicket> ticket);

  base::Status OnConnected(std::string_view alpn) override;
  void OnBytes(std::string_view bytes) override;
  void OnEof() override { broken_ = true; }
  void Produce(size_t limit, std::string* out) override { ProduceFrames(limit, out); }
  bool WantsRead() const override { return !broken_; }
  bool WantsLastInput() const override { return !broken_; }
  bool Done() const override;
  std::optional<TimePoint> Deadline() const override;
  void OnDeadline(TimePoint now) override;
  void OnDrain() override { draining_ = true; }
  void OnClosed(const base::Status& why) override;

 private:
  struct Stream;

  bool OnBeginHeaders(const Frame&) override { return true; }
  bool OnHeader(int32_t id, std::string_view name, std::string_view value) override;
  bool OnFrame(const Frame& frame) override;
  bool OnData(int32_t id, std::string_view bytes) override;
  void OnStreamClosed(int32_t id, uint32_t error_code) override;
  OutgoingBody* BodyOf(int32_t id) override;
  bool OnBodyDrained(int32_t, bool*) override { return false; }
  void OnFrameSent(const Frame& frame) override;

  Stream* Find(int32_t id);
  void OnGoaway(const Frame& frame);
  void Fail(int32_t id, base::Status status);

  const std::string scheme_;
  const bool tls_;
  const std::shared_ptr<ConnectionEnd> end_;
  const std::function<void()> on_going_away_;
  std::unordered_map<int32_t, std::unique_ptr<Stream>> streams_;
  bool up_ = false;
  bool broken_ = false;
  bool draining_ = false;
};

}  // namespace spandrel::net
