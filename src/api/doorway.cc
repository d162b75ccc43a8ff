// SPDX-License-Identifier: Apache-2.0
#include "api/doorway.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "api/grpc/proto_files.h"
#include "base/health.h"
#include "net/http/grpc_shape.h"

namespace spandrel::api {

Doorway::Doorway(DoorOptions options, const ServiceContext& context, QueryQueue& queue)
    : options_(std::move(options)),
      takes_spans_([health = context.health] {
        return health == nullptr || health->Worst() < base::HealthLevel::kRefusing;
      }),
      steps_(options_.steps, context.metrics),
      router_(steps_, options_.cors, queue, context.metrics),
      rpcs_(steps_, options_.steps.memory, queue, context.metrics) {}

void Doorway::AddHealthAndReflection() {
  const std::string health = "/grpc.health.v1.Health/";
  rpcs_.HandleKept(health + "Check", [this](const auto& call) { health_->Check(call); });
  rpcs_.HandleKept(health + "Watch", [this](const auto& call) { health_->Watch(call); });
  for (const char* version : {"v1", "v1alpha"}) {
    rpcs_.HandleStream(
        fmt::format("/grpc.reflection.{}.ServerReflection/ServerReflectionInfo", version),
        [this](const auto& call) { return reflection_->Answer(call); });
  }
  const auto finish = [this](net::GrpcCall& call, const base::Status& status) {
    rpcs_.Finish(call, status);
  };
  health_ = std::make_unique<endpoints::GrpcHealth>(HealthServices(), finish);
  reflection_ = std::make_unique<Reflection>(ProtoFiles::OfServices(), ListedServices(), finish);
}

std::vector<endpoints::GrpcHealth::Service> Doorway::HealthServices() const {
  std::vector<endpoints::GrpcHealth::Service> services = {{"", takes_spans_}};
  for (const std::string& name : rpcs_.services()) services.push_back({name, [] { return true; }});
  for (const std::string& name : options_.other_services) services.push_back({name, takes_spans_});
  return services;
}

std::vector<std::string> Doorway::ListedServices() const {
  std::set<std::string> services = rpcs_.services();
  services.insert(options_.other_services.begin(), options_.other_services.end());
  return {services.begin(), services.end()};
}

void Doorway::Handle(const std::shared_ptr<net::ServerCall>& call) const {
  const net::Request& request = call->request();
  if (request.http2 && net::IsGrpc(request)) return rpcs_(call);
  router_(call);
}

void Doorway::StopAt(std::chrono::steady_clock::time_point when) {
  health_->Stop();
  reflection_->Stop();
  steps_.StopAt(when);
}

}  // namespace spandrel::api
