// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "api/http/query_queue.h"
#include "api/http/service_context.h"
#include "api/http/steps.h"
#include "endpoints/listener.h"
#include "net/exchange/server_call.h"

namespace spandrel::api {

struct ServiceOptions {
  StepOptions steps;
  endpoints::CorsConfig cors;
  QueryQueueLimits queue;
  bool is_encrypted = false;     // the listener speaks TLS
  bool mcp = false;              // language models may ask, as everybody else, at /api/mcp
  StepOptions tempo_steps = {};  // of the port of Tempo's API
  endpoints::CorsConfig tempo_cors = {};
};

// Everything that Spandrel answers on its query port: the page, its API, Jaeger's APIs over HTTP
// and gRPC, Tempo's, /metrics, probes and gRPC health. And on a port for Tempo's clients: Tempo's
// API and probes. Thread-safe.
class Service {
 public:
  explicit Service(ServiceContext context, ServiceOptions options = {});
  ~Service();

  // For net::Server; may outlive the service's caller but not the service.
  net::Handler handler();
  net::Handler tempo_handler();
  // The server is about to stop: those who watch its health are told now, and from `when` on
  // queries under way are cancelled and new ones are refused.
  void StopAt(std::chrono::steady_clock::time_point when);

  // All that is answered to those who have logged in: "GET /api/services", and gRPC's
  // "/package.Service/Method". For tests that try each as somebody else.
  std::vector<std::string> guarded_routes() const;
  std::vector<std::string> guarded_rpcs() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spandrel::api
