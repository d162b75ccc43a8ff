// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.h"
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

// A context that is made of files, and made again when they are due: `reload_interval` after they
// were read (0: not by itself), or when the generation is another (IoRuntime::ReadTlsFilesAgain).
// Files that cannot be used then are logged, and what was read before stays in force. Thread-safe.
class ReloadedTls {
 public:
  using Make = std::function<base::Result<SslContextPtr>()>;
  // For a connection with the context.
  using Open = std::function<SslPtr(SSL_CTX*)>;

  ReloadedTls(Make make, Open open, std::chrono::nanoseconds reload_interval)
      : make_(std::move(make)), open_(std::move(open)), reload_interval_(reload_interval) {}

  // The first reading, at `now`; before all else.
  base::Status Load(TimePoint now, uint64_t generation);
  // For a connection that comes at `now`. Fails while nothing could be read at all.
  base::Result<SslPtr> NewSession(TimePoint now, uint64_t generation);

 private:
  bool IsDue(TimePoint now, uint64_t generation) const SPANDREL_REQUIRES(mutex_);
  base::Status LoadLocked(TimePoint now, uint64_t generation) SPANDREL_REQUIRES(mutex_);

  const Make make_;
  const Open open_;
  const std::chrono::nanoseconds reload_interval_;
  base::Mutex mutex_;
  SslContextPtr context_ SPANDREL_GUARDED_BY(mutex_);
  TimePoint read_at_ SPANDREL_GUARDED_BY(mutex_);
  uint64_t generation_ SPANDREL_GUARDED_BY(mutex_) = 0;
};

// Checks the server's name (or address) unless told not to, and offers `alpn` only.
SslPtr NewClientSession(SSL_CTX* context, const ClientTls& tls, const std::string& host,
                        std::string_view alpn);

}  // namespace spandrel::net
