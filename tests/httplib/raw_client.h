// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

namespace spandrel::httplib_test {

inline constexpr std::chrono::seconds kPatience{60};

// What one thread waits for and another one says.
class Gate {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(opened_.wait_for(lock, kPatience, [this] { return open_; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

// A connection to a port of this machine whose bytes the test chooses, and how it ends.
class RawClient {
 public:
  explicit RawClient(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{kPatience.count(), 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { Close(); }

  RawClient& Send(const std::string& bytes) {
    EXPECT_EQ(send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    return *this;
  }
  RawClient& Get(const std::string& target) {
    return Send("GET " + target + " HTTP/1.1\r\nHost: test\r\n\r\n");
  }
  // Everything that was received, once `marker` is part of it.
  const std::string& ReadUntil(const std::string& marker) {
    while (received_.find(marker) == std::string::npos) {
      if (!Receive()) {
        ADD_FAILURE() << "no '" << marker << "' in '" << received_.substr(0, 500) << "'";
        break;
      }
    }
    return received_;
  }
  // Until the server closes the connection.
  const std::string& ReadAll() {
    while (Receive()) {
    }
    return received_;
  }
  RawClient& CloseSending() {
    shutdown(socket_, SHUT_WR);
    return *this;
  }
  void Close() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }
  // Not a close that the server could take for an end: its next write fails.
  void Reset() {
    const linger at_once{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    Close();
  }

 private:
  bool Receive() {
    char part[65536];
    const ssize_t size = recv(socket_, part, sizeof(part), 0);
    if (size > 0) received_.append(part, static_cast<size_t>(size));
    return size > 0;
  }

  int socket_;
  std::string received_;
};

}  // namespace spandrel::httplib_test
