// SPDX-License-Identifier: Apache-2.0
#include "net/socket/connect.h"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "net/socket/transport.h"

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;
using SocketResult = base::Result<std::shared_ptr<Socket>>;

// One attempt to get a connected socket, from name to the first address that answers.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(asio::io_context& context, Endpoint endpoint, std::function<void(SocketResult)> done)
      : context_(context),
        strand_(asio::make_strand(context)),
        resolver_(strand_),
        timer_(strand_),
        endpoint_(std::move(endpoint)),
        done_(std::move(done)) {}

  void Start(std::chrono::milliseconds timeout) {
    timer_.expires_after(timeout);
    timer_.async_wait([self = shared_from_this()](const ErrorCode& error) {
      if (!error) self->OnTimeout();
    });
    ErrorCode error;
    const auto address = asio::ip::make_address(endpoint_.host, error);
    if (!error) {
      addresses_.emplace_back(address, endpoint_.port);
      return TryNext({});
    }
    resolver_.async_resolve(endpoint_.host, std::to_string(endpoint_.port),
                            [self = shared_from_this()](const ErrorCode& resolve_error,
                                                        const Resolver::results_type& found) {
                              self->addresses_.assign(found.begin(), found.end());
                              self->TryNext(resolve_error);
                            });
  }

  const Strand& strand() const { return strand_; }

 private:
  using Resolver = asio::ip::basic_resolver<Tcp, Strand>;

  // Of several addresses the first is the system's best guess, and its error tells most: the others
  // are often of a kind that the machine has no route for.
  void TryNext(const ErrorCode& error) {
    if (done_ == nullptr) return;
    if (!first_error_) first_error_ = error;
    if (next_ == addresses_.size()) {
      return Finish(Status(StatusCode::kUnavailable, ErrorText(first_error_)));
    }
    socket_ = std::make_shared<Socket>(asio::make_strand(context_));
    socket_->async_connect(
        addresses_[next_++],
        asio::bind_executor(strand_, [self = shared_from_this()](const ErrorCode& error) {
          error ? self->TryNext(error) : self->Finish(self->socket_);
        }));
  }

  void OnTimeout() {
    std::string text = addresses_.empty() ? "name was not resolved in time" : "connect timed out";
    if (first_error_) text += ", after: " + ErrorText(first_error_);
    Finish(Status(StatusCode::kUnavailable, std::move(text)));
  }

  void Finish(SocketResult result) {
    if (done_ == nullptr) return;
    ErrorCode ignored;
    timer_.cancel(ignored);
    resolver_.cancel();
    if (!result.ok() && socket_ != nullptr) socket_->close(ignored);
    socket_.reset();
    std::exchange(done_, nullptr)(std::move(result));
  }

  asio::io_context& context_;
  Strand strand_;
  Resolver resolver_;
  Timer timer_;
  const Endpoint endpoint_;
  std::function<void(SocketResult)> done_;  // null when it has been called
  std::vector<Tcp::endpoint> addresses_;
  size_t next_ = 0;
  ErrorCode first_error_;
  std::shared_ptr<Socket> socket_;
};

}  // namespace

ConnectTarget::ConnectTarget(Endpoint endpoint, ClientTls tls, std::string alpn,
                             std::chrono::milliseconds connect_timeout)
    : endpoint_(std::move(endpoint)),
      name_(endpoint_.ToString()),
      tls_(std::move(tls)),
      alpn_(std::move(alpn)),
      connect_timeout_(connect_timeout),
      context_(tls_.insecure ? nullptr
                             : std::make_unique<ReloadedTls>(
                                   [this] { return MakeClientTlsContext(tls_); },
                                   [this](SSL_CTX* context) {
                                     return NewClientSession(context, tls_, endpoint_.host, alpn_);
                                   },
                                   tls_.reload_interval)) {}

void ConnectTarget::Connect(IoRuntime::Impl& runtime, std::chrono::milliseconds timeout,
                            Callback done) const {
  // Before anything is dialled: files that cannot be used are told, whoever answers.
  auto session = NewSession(runtime);
  if (!session.ok()) {
    asio::post(runtime.context,
               [done = std::move(done), status = session.status()] { done(status); });
    return;
  }
  auto wrap = [this, done = std::move(done),
               session =
                   std::make_shared<SslPtr>(*std::move(session))](const SocketResult& socket) {
    if (!socket.ok()) return done(socket.status());
    ConnectionTimeouts timeouts;
    timeouts.handshake = connect_timeout_;
    done(std::make_shared<Connection>(Transport(std::move(**socket), std::move(*session)),
                                      timeouts));
  };
  auto attempt = std::make_shared<Attempt>(runtime.context, endpoint_, std::move(wrap));
  asio::post(attempt->strand(), [attempt, timeout] { attempt->Start(timeout); });
}

base::Result<SslPtr> ConnectTarget::NewSession(const IoRuntime::Impl& runtime) const {
  if (context_ == nullptr) return SslPtr();
  return context_->NewSession(SteadyClock::now(), runtime.tls_generation);
}

}  // namespace spandrel::net
