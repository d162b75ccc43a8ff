// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <string>
#include <thread>
#include <vector>

#include "net/socket/descriptor_share.h"
#include "net/socket/io_runtime.h"
#include "net/socket/peer_table.h"
#include "net/socket/steady_time.h"

// Internal: the only header of the module that shows Boost.Asio.
namespace spandrel::net {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Tcp = asio::ip::tcp;
using Executor = asio::io_context::executor_type;
using Strand = asio::strand<Executor>;
using Socket = asio::basic_stream_socket<Tcp, Strand>;
using Timer = asio::basic_waitable_timer<SteadyClock, asio::wait_traits<SteadyClock>, Strand>;

// One io_context that all threads run. Whatever belongs to one connection runs on its strand.
struct IoRuntime::Impl {
  explicit Impl(size_t threads) : context(static_cast<int>(threads)) {}

  // Of all servers. Connections may outlive these only as long as the context runs.
  DescriptorShare descriptors;
  PeerTable peers;
  asio::io_context context;
  asio::executor_work_guard<Executor> work{context.get_executor()};
  std::vector<std::thread> threads;
  std::atomic<uint64_t> tls_generation = 0;  // how often TLS files were to be read again
};

// "connection refused": the system's text for an error, in lower case.
std::string ErrorText(const ErrorCode& error);
// "127.0.0.1:4317", "[::1]:4317".
std::string AddressText(const Tcp::endpoint& address);

}  // namespace spandrel::net
