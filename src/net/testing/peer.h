// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "net/socket/endpoint.h"

namespace spandrel::net::testing {

// A listening socket on 127.0.0.1 whose connections the test handles byte by byte, each on a thread
// of its own: for peers that no server would play.
class RawPeer {
 public:
  // Called with the connection and its number, from 0; the connection is closed afterwards.
  using Serve = std::function<void(int fd, int number)>;

  explicit RawPeer(Serve serve) : serve_(std::move(serve)), fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SPANDREL_CHECK(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    SPANDREL_CHECK(listen(fd_, 16) == 0);
    socklen_t size = sizeof(address);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Accept(); });
  }
  ~RawPeer() {
    stopping_ = true;
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    for (std::thread& connection : connections_) connection.join();
    close(fd_);
  }

  Endpoint endpoint() const { return {"127.0.0.1", static_cast<uint16_t>(port_)}; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return count_; }

  // Waits for input; false at the end of the connection or when the test is over.
  bool WaitToRead(int fd) const {
    while (!stopping_) {
      pollfd waiting{fd, POLLIN, 0};
      if (poll(&waiting, 1, 20) > 0) return true;
    }
    return false;
  }
  // Reads whatever comes until the peer closes or the test is over.
  void Swallow(int fd) const {
    char buffer[4096];
    while (WaitToRead(fd) && recv(fd, buffer, sizeof(buffer), 0) > 0) {
    }
  }
  static bool Send(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

 private:
  void Accept() {
    while (!stopping_) {
      const int fd = accept(fd_, nullptr, nullptr);
      if (fd < 0) continue;
      const timeval patience{1, 0};  // for a peer that reads no more
      setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
      const int number = count_++;
      connections_.emplace_back([this, fd, number] {
        serve_(fd, number);
        close(fd);
      });
    }
  }

  const Serve serve_;
  const int fd_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> count_{0};
  std::vector<std::thread> connections_;  // used by thread_ only, until it has ended
  std::thread thread_;
};

}  // namespace spandrel::net::testing
