// SPDX-License-Identifier: Apache-2.0
#include "net/socket/transport.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace spandrel::net {
namespace {

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE; a library must not.
int BioWrite(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const int fd = static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio)));
  const ssize_t sent = send(fd, data, static_cast<size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int BioRead(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const int fd = static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio)));
  const ssize_t received = recv(fd, data, static_cast<size_t>(size), 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(received);
}

long BioControl(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* SocketBioMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* created = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    BIO_meth_set_write(created, BioWrite);
    BIO_meth_set_read(created, BioRead);
    BIO_meth_set_ctrl(created, BioControl);
    return created;
  }();
  return method;
}

int ClampToInt(size_t size) {
  return static_cast<int>(std::min<size_t>(size, INT_MAX));
}

std::string TlsErrorText(SSL* ssl) {
  const bool verifies = (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0;
  const long verify = verifies ? SSL_get_verify_result(ssl) : X509_V_OK;
  const unsigned long code = ERR_get_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  const bool handshaking = !SSL_is_init_finished(ssl);
  std::string text = "tls: ";
  if (reason == nullptr) {
    reason = handshaking ? "connection closed during handshake" : "connection closed";
  }
  text += reason;
  if (verify != X509_V_OK) text += std::string(": ") + X509_verify_cert_error_string(verify);
  return text;
}

}  // namespace

Transport::Transport(Socket socket, SslPtr ssl) : socket_(std::move(socket)), ssl_(std::move(ssl)) {
  ErrorCode ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(Tcp::no_delay(true), ignored);
  if (ssl_ == nullptr) return;
  BIO* bio = BIO_new(SocketBioMethod());
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(socket_.native_handle())));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
}

IoOutcome Transport::Handshake() {
  if (ssl_ == nullptr) return {};
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? IoOutcome{} : TlsOutcome(result);
}

IoOutcome Transport::Read(char* buffer, size_t size) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int result = SSL_read(ssl_.get(), buffer, ClampToInt(size));
    return result > 0 ? IoOutcome{IoState::kOk, static_cast<size_t>(result)} : TlsOutcome(result);
  }
  const ssize_t received = recv(socket_.native_handle(), buffer, size, 0);
  if (received > 0) return {IoState::kOk, static_cast<size_t>(received)};
  if (received == 0) return {IoState::kEof, 0};
  return errno == EAGAIN || errno == EINTR ? IoOutcome{IoState::kWantRead, 0} : SystemError();
}

IoOutcome Transport::Write(const char* data, size_t size) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int result = SSL_write(ssl_.get(), data, ClampToInt(size));
    return result > 0 ? IoOutcome{IoState::kOk, static_cast<size_t>(result)} : TlsOutcome(result);
  }
  const ssize_t sent = send(socket_.native_handle(), data, size, MSG_NOSIGNAL);
  if (sent >= 0) return {IoState::kOk, static_cast<size_t>(sent)};
  return errno == EAGAIN || errno == EINTR ? IoOutcome{IoState::kWantWrite, 0} : SystemError();
}

void Transport::ShutdownWrite() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_.get())) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ErrorCode ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

ErrorCode Transport::TakeError() {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(socket_.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size);
  return {error, boost::system::system_category()};
}

void Transport::Close() {
  ErrorCode ignored;
  socket_.close(ignored);
}

std::string_view Transport::alpn() const {
  if (ssl_ == nullptr) return {};
  const unsigned char* data = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

IoOutcome Transport::TlsOutcome(int result) {
  const int saved_errno = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {IoState::kWantRead, 0};
    case SSL_ERROR_WANT_WRITE:
      return {IoState::kWantWrite, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {IoState::kEof, 0};
    case SSL_ERROR_SYSCALL:
      if (saved_errno != 0 && result < 0) {
        errno = saved_errno;
        const IoOutcome outcome = SystemError();
        if (!SSL_is_init_finished(ssl_.get())) error_ = "tls: handshake: " + error_;
        return outcome;
      }
      [[fallthrough]];
    default:
      error_ = TlsErrorText(ssl_.get());
      return {IoState::kError, 0};
  }
}

IoOutcome Transport::SystemError() {
  error_ = ErrorText(ErrorCode(errno, boost::system::system_category()));
  return {IoState::kError, 0};
}

}  // namespace spandrel::net
