// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "crash/ledger.h"
#include "crash/numbered_request.h"

// Sends numbered requests to an OTLP/HTTP port of this machine over plain sockets, as fast as they
// are answered, until the server is gone, and keeps the ledger. It shares no code with the server
// but the ledger's own.
namespace spandrel::crash {
namespace {

constexpr RequestShape kShape{20, 50};

class Connection {
 public:
  explicit Connection(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr generic{};
    std::memcpy(&generic, &address, sizeof(generic));
    open_ = ::connect(fd_, &generic, sizeof(generic)) == 0;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(fd_); }

  // The status of the answer; 0 when the connection broke.
  int Post(std::string_view body) {
    const std::string head =
        "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n";
    if (!open_ || !SendAll(head) || !SendAll(body)) return 0;
    return ReadAnswer();
  }

 private:
  bool SendAll(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  bool ReadMore() {
    char bytes[4096];
    const ssize_t got = ::recv(fd_, bytes, sizeof(bytes), 0);
    if (got > 0) received_.append(bytes, static_cast<size_t>(got));
    return got > 0;
  }

  int ReadAnswer() {
    size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReadMore()) return 0;
    }
    const size_t size = end + 4 + ContentLength(received_.substr(0, end));
    while (received_.size() < size) {
      if (!ReadMore()) return 0;
    }
    const int status = received_.size() > 12 ? std::atoi(received_.c_str() + 9) : 0;
    received_.erase(0, size);
    return status;
  }

  static size_t ContentLength(std::string head) {
    for (char& letter : head) letter = static_cast<char>(std::tolower(letter));
    constexpr std::string_view kName = "content-length:";
    const size_t at = head.find(kName);
    return at == std::string::npos ? 0
                                   : std::strtoull(head.c_str() + at + kName.size(), nullptr, 10);
  }

  int fd_;
  bool open_ = false;
  std::string received_;
};

// Returns false when the server answered what it must not.
bool SendUntilGone(uint16_t port, LedgerWriter& ledger, uint64_t number, uint64_t step) {
  Connection connection(port);
  for (;; number += step) {
    ledger.NoteSent(number);
    const int status = connection.Post(EncodeNumberedRequest(number, kShape));
    if (status == 0) return true;
    if (status == 200) ledger.NoteAcknowledged(number);
    if (status != 200 && status != 503 && status != 429) return false;
  }
}

int Main(int count, char** arguments) {
  if (count != 5) {
    std::fprintf(stderr, "usage: crash_sender PORT LEDGER FIRST_NUMBER SENDERS\n");
    return 2;
  }
  const auto port = static_cast<uint16_t>(std::strtoul(arguments[1], nullptr, 10));
  const uint64_t first = std::strtoull(arguments[3], nullptr, 10);
  const uint64_t senders = std::strtoull(arguments[4], nullptr, 10);
  auto ledger = LedgerWriter::Open(arguments[2]);
  if (!ledger.ok()) return 2;
  std::atomic<bool> good = true;
  std::vector<std::thread> threads;
  for (uint64_t sender = 0; sender < senders; ++sender) {
    threads.emplace_back([&, sender] {
      if (!SendUntilGone(port, *ledger, first + sender, senders)) good = false;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return good ? 0 : 1;
}

}  // namespace
}  // namespace spandrel::crash

int main(int count, char** arguments) {
  return spandrel::crash::Main(count, arguments);
}
