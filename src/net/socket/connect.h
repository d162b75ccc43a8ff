// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/status.h"
#include "net/socket/connection.h"
#include "net/socket/endpoint.h"
#include "net/socket/io_runtime.h"
#include "net/socket/tls.h"
#include "net/socket/tls_context.h"

namespace spandrel::net {

// Where a client connects to, and how.
class ConnectTarget {
 public:
  // `alpn` is offered when `tls` is not insecure.
  ConnectTarget(Endpoint endpoint, ClientTls tls, std::string alpn,
                std::chrono::milliseconds connect_timeout);

  const Endpoint& endpoint() const { return endpoint_; }
  const std::string& name() const { return name_; }
  bool plaintext() const { return tls_.insecure; }
  std::string_view scheme() const { return plaintext() ? "http" : "https"; }
  const std::string& alpn() const { return alpn_; }
  std::chrono::milliseconds connect_timeout() const { return connect_timeout_; }

  // Resolves the name anew, tries each address, and gives a connection that is not started yet.
  // Calls back once, on an I/O thread; failures are UNAVAILABLE, or those of the TLS files.
  using Callback = std::function<void(base::Result<std::shared_ptr<Connection>>)>;
  void Connect(IoRuntime::Impl& runtime, std::chrono::milliseconds timeout, Callback done) const;

 private:
  base::Result<SslPtr> NewSession(const IoRuntime::Impl& runtime) const;  // null: plaintext

  const Endpoint endpoint_;
  const std::string name_;
  const ClientTls tls_;
  const std::string alpn_;
  const std::chrono::milliseconds connect_timeout_;
  const std::unique_ptr<ReloadedTls> context_;  // null: plaintext
};

}  // namespace spandrel::net
