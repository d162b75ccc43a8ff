// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/exchange/client_call.h"
#include "net/http/body.h"
#include "net/http1/http1_parser.h"
#include "net/socket/protocol.h"

namespace spandrel::net {

// HTTP/1.1 as a client: one call at a time.
class Http1Client final : public Protocol {
 public:
  // `end` is told what becomes of the connection; the calls' tickets have it too. `on_idle` is
  // called when a call is over and the connection takes another.
  Http1Client(std::shared_ptr<ConnectionEnd> end, std::function<void()> on_idle)
      : end_(std::move(end)), on_idle_(std::move(on_idle)) {}

  void Call(std::shared_ptr<CallTicket> ticket);

  base::Status OnConnected(std::string_view alpn) override;
  void OnBytes(std::string_view bytes) override;
  void OnEof() override;
  void Produce(size_t limit, std::string* out) override;
  bool WantsLastInput() const override { return ticket_ != nullptr; }
  bool Done() const override { return closing_; }
  std::optional<TimePoint> Deadline() const override;
  void OnDeadline(TimePoint now) override;
  void OnDrain() override { closing_ = closing_ || ticket_ == nullptr; }
  void OnClosed(const base::Status& why) override;

 private:
  void MakeParser();
  bool ParseOnce(std::string_view* input);
  bool AppendBody(std::string_view bytes);
  void FinishResponse(bool has_more);
  void Fail(base::Status status);

  const std::shared_ptr<ConnectionEnd> end_;
  const std::function<void()> on_idle_;
  std::shared_ptr<CallTicket> ticket_;  // null between calls
  std::unique_ptr<Http1Parser> parser_;
  OutgoingBody output_;
  std::string input_;
  Response response_;
  size_t calls_ = 0;
  bool up_ = false;
  bool received_any_ = false;
  bool closing_ = false;
};

}  // namespace spandrel::net
