// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

namespace spandrel::net {

// Limits that keep one peer from taking everything (see docs/design and the advisories behind
// them).
struct ServerLimits {
  size_t max_body_bytes = 64 << 20;     // of the request as sent; 413 / RESOURCE_EXHAUSTED
  size_t max_header_bytes = 16 << 10;   // names and values of one request; 431
  size_t max_concurrent_streams = 100;  // HTTP/2
  size_t max_connections = 4096;        // at most half of what descriptors the process has for them
  size_t max_connections_of_peer = 0;   // of one address; 0: half of all
  size_t max_resets_per_second = 200;   // RST_STREAM, PING, SETTINGS and empty frames alike
  std::chrono::milliseconds header_timeout{10'000};  // from connect, or from a request's first byte
  std::chrono::milliseconds idle_timeout{60'000};
  size_t min_body_bytes_per_second = 1024;  // after body_grace
  std::chrono::milliseconds body_grace{5'000};
  // What a peer takes of an answer that waits for it, in every `read_window`.
  size_t min_read_bytes_per_second = 1024;
  std::chrono::milliseconds read_window{10'000};
};

}  // namespace spandrel::net
