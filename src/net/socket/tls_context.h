// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "net/socket/endpoint.h"
#include "net/socket/steady_time.h"
#include "net/socket/tls.h"

namespace spandrel::net {

struct SslDeleter {
  void operator()(SSL* session) const { SSL_free(session); }
};
using SslPtr = std::unique_ptr<SSL, SslDeleter>;

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContextPtr = std::unique_ptr<SSL_CTX, SslContextDeleter>;

// Reads the files. A failure names the file.
base::Result<SslContextPtr> MakeServerTlsContext(const ServerTls& tls);
base::Result<SslContextPtr> MakeClientTlsContext(const ClientTls& tls);

SslPtr NewServerSession(SSL_CTX* context);

// The certificates of a server as they are on disk, read again as `reload_interval` says. A file
// that cannot be used then is logged, and what was read before stays in force. Not thread-safe.
class ServerCertificates {
 public:
  explicit ServerCertificates(ServerTls tls) : tls_(std::move(tls)) {}

  // The first reading, at `now`; before all else.
  base::Status Load(TimePoint now);
  // For a connection that comes at `now`.
  SslPtr NewSession(TimePoint now);

 private:
  void ReloadIfDue(TimePoint now);

  const ServerTls tls_;
  SslContextPtr context_;
  TimePoint read_at_;
};

// Checks the server's name (or address) unless told not to, and offers `alpn` only.
SslPtr NewClientSession(SSL_CTX* context, const ClientTls& tls, const std::string& host,
                        std::string_view alpn);

}  // namespace spandrel::net
