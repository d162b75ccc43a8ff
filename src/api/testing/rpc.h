// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/testing/api.h"
#include "net/peer/server.h"
#include "net/socket/io_runtime.h"

// Test support: a service on a real socket, asked by libgrpc++.
namespace spandrel::api {

inline std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

struct RpcAnswer {
  grpc::Status status;
  std::vector<std::string> messages;
};

class RpcTest : public ApiTest {
 protected:
  explicit RpcTest(Door door = Door::kQuery) { Serve(service_, door); }
  ~RpcTest() override { server_->Shutdown(std::chrono::steady_clock::now()); }

  void Serve(Service& service, Door door = Door::kQuery) {
    if (server_) server_->Shutdown(std::chrono::steady_clock::now());
    net::ServerOptions options;
    options.endpoint = {"127.0.0.1", 0};
    options.name = "test";
    options.streams = service.streams(door);
    server_ =
        std::make_unique<net::Server>(runtime_, options, metrics_, memory_, service.handler(door));
    ASSERT_TRUE(server_->Start().ok());
  }

  RpcAnswer Call(const std::string& path, const std::string& message,
                 const std::vector<std::pair<std::string, std::string>>& metadata = {},
                 std::chrono::milliseconds patience = std::chrono::seconds(20)) {
    grpc::GenericStub stub(
        grpc::CreateChannel(server_->bound().ToString(), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + patience);
    for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
    grpc::CompletionQueue queue;
    const auto next = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    const auto call = stub.PrepareCall(&context, path, &queue);
    call->StartCall(this);
    next();
    const grpc::Slice slice(message);
    call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), this);
    next();
    RpcAnswer answer;
    grpc::ByteBuffer buffer;
    for (call->Read(&buffer, this); next(); call->Read(&buffer, this)) {
      answer.messages.push_back(ToString(buffer));
    }
    call->Finish(&answer.status, this);
    next();
    return answer;
  }

  net::IoRuntime runtime_{2};
  base::ByteBudget memory_{256 << 20};
  std::unique_ptr<net::Server> server_;
};

}  // namespace spandrel::api
