// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/grpc/reflection.h"
#include "api/grpc/rpc_router.h"
#include "api/http/query_queue.h"
#include "api/http/router.h"
#include "api/http/service_context.h"
#include "api/http/steps.h"
#include "endpoints/grpc_health.h"
#include "endpoints/listener.h"
#include "net/exchange/server_call.h"

namespace spandrel::api {

// A port of the service.
struct DoorOptions {
  StepOptions steps;
  endpoints::CorsConfig cors;
  // gRPC services that are answered there before a call comes here: they take spans, and are told
  // of with the others.
  std::vector<std::string> other_services;
};

// What comes in by one port, and whom it is handed to. Handlers are added before the server starts;
// after that, thread-safe.
class Doorway {
 public:
  // What the context refers to, and `queue`, outlive it.
  Doorway(DoorOptions options, const ServiceContext& context, QueryQueue& queue);

  const Steps& steps() const { return steps_; }
  Router& router() { return router_; }
  RpcRouter& rpcs() { return rpcs_; }
  const RpcRouter& rpcs() const { return rpcs_; }
  // gRPC health and reflection, of all that has been added: last.
  void AddHealthAndReflection();

  void Handle(const std::shared_ptr<net::ServerCall>& call) const;
  // As Service::StopAt.
  void StopAt(std::chrono::steady_clock::time_point when);

 private:
  std::vector<endpoints::GrpcHealth::Service> HealthServices() const;
  std::vector<std::string> ListedServices() const;

  const DoorOptions options_;
  const std::function<bool()> takes_spans_;
  Steps steps_;
  Router router_;
  RpcRouter rpcs_;
  std::unique_ptr<endpoints::GrpcHealth> health_;
  std::unique_ptr<Reflection> reflection_;
};

}  // namespace spandrel::api
