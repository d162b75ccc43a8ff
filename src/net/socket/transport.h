// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <string_view>

#include "net/socket/asio_runtime.h"
#include "net/socket/tls_context.h"

namespace spandrel::net {

enum class IoState { kOk, kWantRead, kWantWrite, kEof, kError };

struct IoOutcome {
  IoState state = IoState::kOk;
  size_t bytes = 0;
};

// A non-blocking socket, plain or under TLS, behind the same four calls. Nothing here waits: a call
// that cannot go on says what to wait for. Used on one strand.
class Transport {
 public:
  // `ssl` is null for plaintext, else a fresh session in accept or connect state.
  Transport(Socket socket, SslPtr ssl);

  IoOutcome Handshake();
  IoOutcome Read(char* buffer, size_t size);
  IoOutcome Write(const char* data, size_t size);
  // Says to the peer that nothing more comes.
  void ShutdownWrite();
  void Close();

  bool tls() const { return ssl_ != nullptr; }
  // Decrypted bytes that the socket will not announce.
  bool HasBufferedInput() const { return ssl_ != nullptr && SSL_pending(ssl_.get()) > 0; }
  // The protocol chosen by ALPN; empty for none.
  std::string_view alpn() const;
  // Why the last call gave kError.
  const std::string& error() const { return error_; }
  // The error that the socket has met by itself, once.
  ErrorCode TakeError();
  Socket& socket() { return socket_; }

 private:
  IoOutcome TlsOutcome(int result);
  IoOutcome SystemError();

  Socket socket_;
  SslPtr ssl_;
  std::string error_;
};

}  // namespace spandrel::net
