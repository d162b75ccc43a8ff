// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <thread>
#include <utility>

#include "spandrel/httplib.h"

namespace spandrel::instrument {

// A traced cpp-httplib server on a thread of its own.
class TestServer {
 public:
  explicit TestServer(http::Options options) { server_.set_tracing_options(std::move(options)); }
  ~TestServer() { Stop(); }

  httplib::Server& operator*() { return server_; }
  httplib::Server* operator->() { return &server_; }

  void Start() {
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  // When it returns, all requests are done and their spans have ended.
  void Stop() {
    if (!thread_.joinable()) return;
    server_.stop();
    thread_.join();
  }
  int port() const { return port_; }
  std::string Url(const std::string& target) const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }

 private:
  httplib::Server server_;
  std::thread thread_;
  int port_ = 0;
};

}  // namespace spandrel::instrument
