// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "net/exchange/server_exchange.h"
#include "net/http/peer_share.h"

namespace spandrel::net {

// Finds out by ALPN, or by the first bytes, whether a new connection speaks HTTP/2 or HTTP/1.1, and
// is that protocol from then on.
class ServerFront final : public Protocol {
 public:
  ServerFront(std::shared_ptr<const ServerCore> core, std::weak_ptr<Connection> connection,
              std::string peer, std::shared_ptr<PeerShare> share = nullptr);

  base::Status OnConnected(std::string_view alpn) override;
  void OnBytes(std::string_view bytes) override;
  void OnEof() override;
  void Produce(size_t limit, std::string* out) override;
  bool WantsRead() const override { return inner_ == nullptr || inner_->WantsRead(); }
  bool Done() const override { return inner_ != nullptr ? inner_->Done() : closing_; }
  std::optional<TimePoint> Deadline() const override;
  void OnDeadline(TimePoint now) override;
  std::optional<TimePoint> IdleSince() const override {
    return inner_ != nullptr ? inner_->IdleSince() : since_;
  }
  void OnDrain() override;
  void OnClosed(const base::Status& why) override;

 private:
  void Choose(bool http2);

  const std::shared_ptr<const ServerCore> core_;
  const std::weak_ptr<Connection> connection_;
  const std::string peer_;
  const std::shared_ptr<PeerShare> share_;  // null: no bound
  const TimePoint since_;
  std::string first_bytes_;  // while they may still be HTTP/2's preface
  std::unique_ptr<ServerProtocol> inner_;
  bool connected_ = false;
  bool closing_ = false;
};

}  // namespace spandrel::net
