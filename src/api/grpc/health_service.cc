// SPDX-License-Identifier: Apache-2.0
#include "api/grpc/health_service.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "proto/field_reader.h"
#include "proto/writer.h"

namespace spandrel::api {
namespace {

using base::Status;
using base::StatusCode;

constexpr uint32_t kRequestService = 1;
constexpr uint32_t kResponseStatus = 1;
constexpr std::array<std::string_view, 3> kServices = {"", "grpc.health.v1.Health",
                                                       "jaeger.api_v3.QueryService"};
constexpr size_t kMaxWatchers = 1'000;
constexpr size_t kMaxWatchersOfPeer = 100;

base::Result<bool> AsksForKnownService(std::string_view message) {
  std::string_view service;
  proto::Field field;
  while (proto::NextField(&message, &field)) {
    if (field.number == kRequestService && field.is_bytes()) service = field.bytes;
  }
  if (!message.empty()) return Status(StatusCode::kInvalidArgument, "malformed request");
  return std::find(kServices.begin(), kServices.end(), service) != kServices.end();
}

std::string_view HostOfPeer(const net::GrpcCall& call) {
  const std::string_view peer = call.request().peer;
  return peer.substr(0, peer.rfind(':'));
}

}  // namespace

HealthService::HealthService(RpcRouter& router) : router_(router) {
  router.HandleOpen(
      "/grpc.health.v1.Health/Check",
      [this](const RpcRequest& request, RpcSink& sink) { return Check(request, sink); });
  router.HandleKept("/grpc.health.v1.Health/Watch", [this](const Watcher& call) { Watch(call); });
}

std::string HealthService::ResponseOf(Serving serving) {
  std::string response;
  proto::Writer(&response).Varint(kResponseStatus, static_cast<uint64_t>(serving));
  return response;
}

Status HealthService::Check(const RpcRequest& request, RpcSink& sink) {
  const auto known = AsksForKnownService(request.message);
  if (!known.ok()) return known.status();
  if (!*known) return {StatusCode::kNotFound, "unknown service"};
  const base::MutexLock lock(mutex_);
  return sink.Write(ResponseOf(is_stopping_ ? Serving::kNotServing : Serving::kServing));
}

Status HealthService::MakeRoomFor(const net::GrpcCall& call) {
  std::erase_if(watchers_, [](const Watcher& watcher) { return watcher->cancelled(); });
  const auto of_peer = std::count_if(
      watchers_.begin(), watchers_.end(),
      [&](const Watcher& watcher) { return HostOfPeer(*watcher) == HostOfPeer(call); });
  if (watchers_.size() < kMaxWatchers && static_cast<size_t>(of_peer) < kMaxWatchersOfPeer) {
    return {};
  }
  return {StatusCode::kResourceExhausted, "too many watch already"};
}

void HealthService::Watch(const Watcher& call) {
  base::ByteBudget::Reservation reservation;
  const auto known = AsksForKnownService(call->TakeMessage(&reservation));
  if (!known.ok()) return router_.Finish(*call, known.status());
  const base::MutexLock lock(mutex_);
  if (is_stopping_) {
    return router_.Finish(*call, {StatusCode::kUnavailable, "the server stops"});
  }
  if (const Status room = MakeRoomFor(*call); !room.ok()) return router_.Finish(*call, room);
  call->Write(ResponseOf(*known ? Serving::kServing : Serving::kServiceUnknown));
  watchers_.push_back(call);
}

void HealthService::Stop() {
  std::vector<Watcher> watchers;
  {
    const base::MutexLock lock(mutex_);
    is_stopping_ = true;
    watchers.swap(watchers_);
  }
  for (const Watcher& watcher : watchers) {
    watcher->Write(ResponseOf(Serving::kNotServing));
    router_.Finish(*watcher, {StatusCode::kUnavailable, "the server stops"});
  }
}

}  // namespace spandrel::api
