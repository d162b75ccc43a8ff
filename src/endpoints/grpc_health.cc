// SPDX-License-Identifier: Apache-2.0
#include "endpoints/grpc_health.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/thread.h"
#include "proto/field_reader.h"
#include "proto/writer.h"

namespace spandrel::endpoints {
namespace {

using base::Status;
using base::StatusCode;

constexpr uint32_t kRequestService = 1;
constexpr uint32_t kResponseStatus = 1;
constexpr size_t kMaxWatchers = 1'000;
constexpr size_t kMaxWatchersOfPeer = 100;
constexpr std::chrono::seconds kBetweenLooks{1};

base::Result<std::string> ReadServiceName(std::string_view message) {
  std::string service;
  proto::Field field;
  while (proto::NextField(&message, &field)) {
    if (field.number == kRequestService && field.is_bytes()) service = field.bytes;
  }
  if (!message.empty()) return Status(StatusCode::kInvalidArgument, "malformed request");
  return service;
}

base::Result<std::string> TakeServiceName(net::GrpcCall& call) {
  base::ByteBudget::Reservation reservation;
  return ReadServiceName(call.TakeMessage(&reservation));
}

std::string ResponseOf(uint64_t serving) {
  std::string response;
  proto::Writer(&response).Varint(kResponseStatus, serving);
  return response;
}

std::string_view HostOfPeer(const net::GrpcCall& call) {
  const std::string_view peer = call.request().peer;
  return peer.substr(0, peer.rfind(':'));
}

}  // namespace

GrpcHealth::GrpcHealth(std::vector<Service> services, Finish finish)
    : services_(std::move(services)), finish_(std::move(finish)) {}

GrpcHealth::~GrpcHealth() {
  Stop();
}

const GrpcHealth::Service* GrpcHealth::Find(std::string_view name) const {
  const auto found = std::find_if(services_.begin(), services_.end(),
                                  [&](const Service& service) { return service.name == name; });
  return found == services_.end() ? nullptr : &*found;
}

GrpcHealth::Serving GrpcHealth::StateOf(const Service* service) const {
  if (service == nullptr) return Serving::kServiceUnknown;
  return !is_stopping_ && service->serves() ? Serving::kServing : Serving::kNotServing;
}

void GrpcHealth::Check(const Call& call) {
  const auto name = TakeServiceName(*call);
  if (!name.ok()) return finish_(*call, name.status());
  const Service* const service = Find(*name);
  if (service == nullptr) return finish_(*call, {StatusCode::kNotFound, "unknown service"});
  const base::MutexLock lock(mutex_);
  call->Write(ResponseOf(static_cast<uint64_t>(StateOf(service))));
  finish_(*call, {});
}

Status GrpcHealth::MakeRoomFor(const net::GrpcCall& call) {
  std::erase_if(watchers_, [](const Watcher& watcher) { return watcher.call->cancelled(); });
  const auto of_peer = std::count_if(
      watchers_.begin(), watchers_.end(),
      [&](const Watcher& watcher) { return HostOfPeer(*watcher.call) == HostOfPeer(call); });
  if (watchers_.size() < kMaxWatchers && static_cast<size_t>(of_peer) < kMaxWatchersOfPeer) {
    return {};
  }
  return {StatusCode::kResourceExhausted, "too many watch already"};
}

void GrpcHealth::Watch(const Call& call) {
  const auto name = TakeServiceName(*call);
  if (!name.ok()) return finish_(*call, name.status());
  const base::MutexLock lock(mutex_);
  if (is_stopping_) return finish_(*call, {StatusCode::kUnavailable, "the server stops"});
  if (const Status room = MakeRoomFor(*call); !room.ok()) return finish_(*call, room);
  const Service* const service = Find(*name);
  watchers_.push_back({call, service, StateOf(service)});
  call->Write(ResponseOf(static_cast<uint64_t>(watchers_.back().told)));
  if (!thread_.joinable()) thread_ = std::thread([this] { KeepTelling(); });
}

void GrpcHealth::KeepTelling() {
  base::NameThisThread("spandrel-health");
  base::MutexLock lock(mutex_);
  const auto is_stopping = [this]() SPANDREL_REQUIRES(mutex_) { return is_stopping_; };
  while (!stopped_.WaitFor(lock, kBetweenLooks, is_stopping)) TellChanges();
}

void GrpcHealth::TellChanges() {
  for (Watcher& watcher : watchers_) {
    const Serving now = StateOf(watcher.service);
    if (now == watcher.told) continue;
    watcher.told = now;
    watcher.call->Write(ResponseOf(static_cast<uint64_t>(now)));
  }
}

void GrpcHealth::Stop() {
  std::vector<Watcher> watchers;
  std::thread thread;
  {
    const base::MutexLock lock(mutex_);
    is_stopping_ = true;
    watchers.swap(watchers_);
    thread.swap(thread_);
  }
  stopped_.NotifyAll();
  if (thread.joinable()) thread.join();
  for (const Watcher& watcher : watchers) {
    watcher.call->Write(ResponseOf(static_cast<uint64_t>(Serving::kNotServing)));
    finish_(*watcher.call, {StatusCode::kUnavailable, "the server stops"});
  }
}

}  // namespace spandrel::endpoints
