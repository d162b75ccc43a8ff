// SPDX-License-Identifier: Apache-2.0
#include "net/peer/server.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "net/peer/connection_table.h"
#include "net/peer/server_front.h"
#include "net/socket/connection.h"
#include "net/socket/tls_context.h"
#include "net/socket/transport.h"

namespace spandrel::net {
namespace {

using Acceptor = asio::basic_socket_acceptor<Tcp, Strand>;

constexpr std::chrono::milliseconds kAcceptRetryDelay{100};

base::Status AddressError(const Endpoint& endpoint, const ErrorCode& error) {
  return {base::StatusCode::kUnavailable, endpoint.ToString() + ": " + ErrorText(error)};
}

// All interfaces by one IPv6 socket, or by an IPv4 one where there is no IPv6.
base::Result<std::vector<Tcp::endpoint>> ResolveToListen(asio::io_context& context,
                                                         const Endpoint& endpoint) {
  if (endpoint.host.empty()) {
    return std::vector<Tcp::endpoint>{{Tcp::v6(), endpoint.port}, {Tcp::v4(), endpoint.port}};
  }
  ErrorCode error;
  asio::ip::basic_resolver<Tcp, Executor> resolver(context.get_executor());
  const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port), error);
  if (error) return AddressError(endpoint, error);
  return std::vector<Tcp::endpoint>(found.begin(), found.end());
}

ErrorCode Listen(Acceptor& acceptor, const Tcp::endpoint& address, bool all_interfaces) {
  ErrorCode error;
  acceptor.open(address.protocol(), error);
  if (!error) acceptor.set_option(Acceptor::reuse_address(true), error);
  if (!error && all_interfaces && address.protocol() == Tcp::v6()) {
    acceptor.set_option(asio::ip::v6_only(false), error);
  }
  if (!error) acceptor.bind(address, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  ErrorCode ignored;
  if (error) acceptor.close(ignored);
  return error;
}

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
  Impl(IoRuntime::Impl& runtime, ServerOptions server_options, base::MetricRegistry& metrics,
       base::ByteBudget& memory, Handler handler)
      : runtime(runtime),
        options(std::move(server_options)),
        core(std::make_shared<ServerCore>(
            ServerCore{options.limits, RefusalCounters(metrics, options.name), memory,
                       std::move(handler), options.admit, options.streams})),
        acceptor(asio::make_strand(runtime.context)),
        retry_timer(acceptor.get_executor()),
        connections(runtime.descriptors, options.limits, core->refusals) {}

  base::Status Start();
  void Accept();
  void OnAccepted(const ErrorCode& error, Socket socket);
  void Serve(Socket socket);
  void StopAccepting();

  IoRuntime::Impl& runtime;
  const ServerOptions options;
  const std::shared_ptr<const ServerCore> core;
  Acceptor acceptor;  // used on its strand once accepting
  Timer retry_timer;
  std::optional<ReloadedTls> certificates;
  Endpoint bound;

  base::Mutex mutex;
  base::CondVar changed;
  ConnectionTable connections SPANDREL_GUARDED_BY(mutex);
  bool accepting SPANDREL_GUARDED_BY(mutex) = false;
  bool stopping SPANDREL_GUARDED_BY(mutex) = false;
};

base::Status Server::Impl::Start() {
  if (options.tls) {
    certificates.emplace([this] { return MakeServerTlsContext(*options.tls); }, NewServerSession,
                         options.tls->reload_interval);
    SPANDREL_RETURN_IF_ERROR(certificates->Load(SteadyClock::now(), runtime.tls_generation)
                                 .Annotate(options.endpoint.ToString()));
  }
  auto addresses = ResolveToListen(runtime.context, options.endpoint);
  if (!addresses.ok()) return addresses.status();
  ErrorCode error = asio::error::host_not_found;
  for (const Tcp::endpoint& address : *addresses) {
    error = Listen(acceptor, address, options.endpoint.host.empty());
    if (!error || error == asio::error::address_in_use) break;
  }
  if (error) return AddressError(options.endpoint, error);
  const Tcp::endpoint local = acceptor.local_endpoint(error);
  bound = Endpoint{options.endpoint.host.empty() ? "" : local.address().to_string(), local.port()};
  {
    const base::MutexLock lock(mutex);
    accepting = true;
  }
  asio::dispatch(acceptor.get_executor(), [self = shared_from_this()] { self->Accept(); });
  return {};
}

void Server::Impl::Accept() {
  auto socket = std::make_shared<Socket>(asio::make_strand(runtime.context));
  acceptor.async_accept(*socket, [self = shared_from_this(), socket](const ErrorCode& error) {
    self->OnAccepted(error, std::move(*socket));
  });
}

void Server::Impl::OnAccepted(const ErrorCode& error, Socket socket) {
  if (error == asio::error::operation_aborted || !acceptor.is_open()) {
    const base::MutexLock lock(mutex);
    accepting = false;
    changed.NotifyAll();
    return;
  }
  if (!error) {
    Serve(std::move(socket));
    return Accept();
  }
  // Out of descriptors, most likely: connections wait in the backlog meanwhile.
  base::LogWarn("{}: accept: {}", bound.ToString(), ErrorText(error));
  retry_timer.expires_after(kAcceptRetryDelay);
  retry_timer.async_wait([self = shared_from_this()](const ErrorCode&) { self->Accept(); });
}

void Server::Impl::Serve(Socket socket) {
  ErrorCode ignored;
  const Tcp::endpoint peer = socket.remote_endpoint(ignored);
  ConnectionTimeouts timeouts;
  timeouts.handshake = core->limits.header_timeout;
  timeouts.stalled_write = core->limits.idle_timeout;
  timeouts.min_read_bytes_per_second = core->limits.min_read_bytes_per_second;
  timeouts.read_window = core->limits.read_window;
  const std::string key = PeerKey(peer.address());
  SslPtr session;
  if (certificates) {
    auto made = certificates->NewSession(SteadyClock::now(), runtime.tls_generation);
    if (!made.ok()) return;  // never: the start has read them
    session = *std::move(made);
  }
  const base::MutexLock lock(mutex);
  if (stopping) return;
  if (!connections.MakeRoomFor(key)) return;
  auto connection =
      std::make_shared<Connection>(Transport(std::move(socket), std::move(session)), timeouts);
  connections.Add(connection, key);
  connection->set_on_closed([self = shared_from_this(), closed = connection.get()] {
    const base::MutexLock closed_lock(self->mutex);
    self->connections.Remove(closed);
    self->changed.NotifyAll();
  });
  connection->Start(
      std::make_unique<ServerFront>(core, connection, AddressText(peer), runtime.peers.Enter(key)));
}

void Server::Impl::StopAccepting() {
  asio::dispatch(acceptor.get_executor(), [self = shared_from_this()] {
    ErrorCode ignored;
    self->acceptor.close(ignored);
    self->retry_timer.cancel(ignored);
  });
}

Server::Server(IoRuntime& runtime, ServerOptions options, base::MetricRegistry& metrics,
               base::ByteBudget& memory, Handler handler)
    : impl_(std::make_shared<Impl>(runtime.impl(), std::move(options), metrics, memory,
                                   std::move(handler))) {}

Server::~Server() {
  Shutdown(std::chrono::steady_clock::now());
}

base::Status Server::Start() {
  return impl_->Start();
}

Endpoint Server::bound() const {
  return impl_->bound;
}

void Server::Shutdown(std::chrono::steady_clock::time_point deadline) {
  base::MutexLock lock(impl_->mutex);
  impl_->stopping = true;
  if (impl_->accepting) impl_->StopAccepting();
  impl_->connections.ForEach([](Connection& connection) { connection.Drain(); });
  const auto idle = [this]() SPANDREL_REQUIRES(impl_->mutex) {
    return impl_->connections.empty() && !impl_->accepting;
  };
  if (impl_->changed.WaitUntil(lock, deadline, idle)) return;
  impl_->connections.ForEach([](Connection& connection) {
    connection.Abort({base::StatusCode::kCancelled, "server shut down"});
  });
  impl_->changed.Wait(lock, idle);
}

}  // namespace spandrel::net
