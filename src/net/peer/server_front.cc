// SPDX-License-Identifier: Apache-2.0
#include "net/peer/server_front.h"

#include "net/http1/http1_server.h"
#include "net/http2/http2_server.h"

namespace spandrel::net {
namespace {

constexpr std::string_view kPreface(NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN);

}  // namespace

ServerFront::ServerFront(std::shared_ptr<const ServerCore> core,
                         std::weak_ptr<Connection> connection, std::string peer,
                         std::shared_ptr<PeerShare> share)
    : core_(std::move(core)),
      connection_(std::move(connection)),
      peer_(std::move(peer)),
      share_(std::move(share)),
      since_(SteadyClock::now()) {}

base::Status ServerFront::OnConnected(std::string_view alpn) {
  connected_ = true;
  if (closing_) return {base::StatusCode::kCancelled, "server shut down"};
  if (alpn == "h2") Choose(true);
  return {};
}

void ServerFront::Choose(bool http2) {
  if (http2) {
    inner_ = std::make_unique<Http2Server>(core_, connection_, peer_, share_);
  } else {
    inner_ = std::make_unique<Http1Server>(core_, connection_, peer_, share_);
  }
}

void ServerFront::OnBytes(std::string_view bytes) {
  if (inner_ != nullptr) return inner_->OnBytes(bytes);
  first_bytes_.append(bytes);
  const std::string_view start = std::string_view(first_bytes_).substr(0, kPreface.size());
  if (!kPreface.starts_with(start)) {
    Choose(false);
  } else if (start.size() == kPreface.size()) {
    Choose(true);
  } else {
    return;
  }
  const std::string first = std::move(first_bytes_);
  first_bytes_ = std::string();
  inner_->OnBytes(first);
}

void ServerFront::OnEof() {
  closing_ = true;
  if (inner_ != nullptr) inner_->OnEof();
}

void ServerFront::Produce(size_t limit, std::string* out) {
  if (inner_ != nullptr) inner_->Produce(limit, out);
}

std::optional<TimePoint> ServerFront::Deadline() const {
  if (inner_ != nullptr) return inner_->Deadline();
  return since_ + core_->limits.header_timeout;
}

void ServerFront::OnDeadline(TimePoint now) {
  if (inner_ != nullptr) return inner_->OnDeadline(now);
  core_->refusals.Add(Refusal::kHeaderTimeout);
  closing_ = true;
}

void ServerFront::OnDrain() {
  closing_ = true;
  if (inner_ != nullptr) inner_->OnDrain();
}

void ServerFront::OnClosed(const base::Status& why) {
  if (!why.ok() && !connected_) core_->refusals.Add(Refusal::kTlsHandshake);
  if (why.code() == base::StatusCode::kDeadlineExceeded) {
    core_->refusals.Add(Refusal::kSlowReader);
  }
  if (inner_ != nullptr) inner_->OnClosed(why);
}

}  // namespace spandrel::net
