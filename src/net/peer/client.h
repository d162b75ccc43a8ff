// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "net/http/http.h"
#include "net/socket/endpoint.h"
#include "net/socket/io_runtime.h"
#include "net/socket/tls.h"

namespace spandrel::net {

struct HttpClientOptions {
  Endpoint endpoint;
  ClientTls tls;
  bool http2 = false;  // with prior knowledge when plaintext, by ALPN under TLS
  size_t max_response_bytes = 4 << 20;
  std::chrono::milliseconds connect_timeout{5'000};
};

// Requests to one HTTP server over kept-alive connections. Thread-safe.
class HttpClient {
 public:
  HttpClient(IoRuntime& runtime, HttpClientOptions options);
  ~HttpClient();

  // Calls back exactly once, on an I/O thread, with any HTTP answer, or with UNAVAILABLE (no
  // connection; the message names the endpoint), DEADLINE_EXCEEDED, or RESOURCE_EXHAUSTED (answer
  // too large).
  void Send(Request request, std::chrono::milliseconds timeout,
            std::function<void(base::Result<Response>)> done);
  base::Result<Response> SendAndWait(Request request, std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace spandrel::net
