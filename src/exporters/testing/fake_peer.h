// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/exchange/server_call.h"
#include "net/grpc/grpc_server.h"
#include "net/http/grpc_shape.h"
#include "net/peer/server.h"
#include "net/socket/io_runtime.h"

// Test support: peers for exporters, and the place where an outcome arrives.
namespace spandrel::exporters {

inline constexpr std::chrono::seconds kPatience{20};

// Values that other threads bring and a test waits for.
template <typename T>
class Mailbox {
 public:
  void Put(T value) {
    {
      std::lock_guard lock(mutex_);
      values_.push_back(std::move(value));
    }
    changed_.notify_all();
  }
  // The first `count` values; fewer when they did not come in time.
  std::vector<T> WaitFor(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return values_.size() >= count; });
    EXPECT_GE(values_.size(), count);
    return values_;
  }
  size_t size() const {
    std::lock_guard lock(mutex_);
    return values_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> values_;
};

// What a peer got: the message or body, decompressed by gRPC only, and its headers.
struct ReceivedRequest {
  std::string message;
  net::Headers headers;
};

// A server that answers one gRPC method, or everything over plain HTTP.
class FakePeer {
 public:
  using GrpcAnswer = std::function<void(net::GrpcCall&)>;
  using HttpAnswer = std::function<net::Response(const net::Request&)>;

  FakePeer(net::IoRuntime& runtime, std::string grpc_path, GrpcAnswer answer)
      : runtime_(runtime), grpc_path_(std::move(grpc_path)), grpc_answer_(std::move(answer)) {}
  FakePeer(net::IoRuntime& runtime, HttpAnswer answer)
      : runtime_(runtime), http_answer_(std::move(answer)) {}
  ~FakePeer() { Stop(); }

  // The second time on the port of the first.
  void Start() {
    auto router = std::make_shared<net::GrpcRouter>(memory_);
    if (grpc_answer_) {
      router->Handle(grpc_path_,
                     [this](std::shared_ptr<net::GrpcCall> call) { OnGrpc(std::move(call)); });
    }
    net::ServerOptions options;
    options.endpoint = endpoint_;
    options.name = "peer";
    server_ = std::make_unique<net::Server>(runtime_, options, metrics_, memory_,
                                            [this, router](std::shared_ptr<net::ServerCall> call) {
                                              if (net::IsGrpc(call->request()))
                                                return (*router)(std::move(call));
                                              OnHttp(*call);
                                            });
    const base::Status started = server_->Start();
    ASSERT_TRUE(started.ok()) << started.ToString();
    endpoint_ = server_->bound();
  }
  void Stop() {
    if (server_) server_->Shutdown(std::chrono::steady_clock::now());
    server_.reset();
  }
  net::Endpoint endpoint() const { return endpoint_; }

  Mailbox<ReceivedRequest> received;

 private:
  // Keeps the call, since one that is dropped unanswered is answered with an error.
  void OnGrpc(std::shared_ptr<net::GrpcCall> call) {
    base::ByteBudget::Reservation reservation;
    std::string message = call->TakeMessage(&reservation);
    received.Put({std::move(message), call->request().headers});
    grpc_answer_(*call);
    kept_.Put(std::move(call));
  }
  void OnHttp(net::ServerCall& call) {
    base::ByteBudget::Reservation reservation;
    received.Put({call.TakeBody(&reservation), call.request().headers});
    call.Respond(http_answer_(call.request()));
  }

  net::IoRuntime& runtime_;
  const std::string grpc_path_;
  const GrpcAnswer grpc_answer_;
  const HttpAnswer http_answer_;
  base::MetricRegistry metrics_;
  base::ByteBudget memory_{256 << 20};
  net::Endpoint endpoint_{"127.0.0.1", 0};
  Mailbox<std::shared_ptr<net::GrpcCall>> kept_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace spandrel::exporters
