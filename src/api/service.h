// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "api/doorway.h"
#include "api/http/query_queue.h"
#include "api/http/service_context.h"
#include "api/http/steps.h"
#include "endpoints/listener.h"
#include "net/exchange/server_call.h"

namespace spandrel::api {

// The ports of the service; each may have a listener of its own.
enum class Door : uint8_t {
  kQuery,        // all of it
  kTempo,        // Tempo's API, over HTTP and gRPC
  kJaegerGrpc,   // Jaeger's query services over gRPC: api_v2, api_v3
  kStorageGrpc,  // jaeger.storage.v2
};
inline constexpr size_t kDoors = 4;

struct ServiceOptions {
  StepOptions steps;
  endpoints::CorsConfig cors;
  QueryQueueLimits queue;
  bool is_encrypted = false;  // the listener speaks TLS
  bool mcp = false;           // language models may ask, as everybody else, at /api/mcp
  DoorOptions tempo = {};
  DoorOptions jaeger_grpc = {};
  DoorOptions storage_grpc = {};
};

// Everything that Spandrel answers on its query port: the page, its API, Jaeger's APIs over HTTP
// and gRPC, Tempo's and /metrics; and a part of that on the other ports. On each of them probes,
// gRPC health and gRPC reflection. Thread-safe.
class Service {
 public:
  explicit Service(const ServiceContext& context, ServiceOptions options = {});
  ~Service();

  // For net::Server; may outlive the service's caller but not the service.
  net::Handler handler(Door door = Door::kQuery);
  // For net::ServerOptions::streams of the same server.
  net::StreamCheck streams(Door door = Door::kQuery) const;
  // The server is about to stop: those who watch its health are told now, and from `when` on
  // queries under way are cancelled and new ones are refused.
  void StopAt(std::chrono::steady_clock::time_point when);

  // All that is answered to those who have logged in: "GET /api/services", and gRPC's
  // "/package.Service/Method". For tests that try each as somebody else.
  std::vector<std::string> guarded_routes() const;
  std::vector<std::string> guarded_rpcs(Door door = Door::kQuery) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spandrel::api
