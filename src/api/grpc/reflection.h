// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/grpc/proto_files.h"
#include "base/mutex.h"
#include "base/status.h"
#include "net/grpc/grpc_server.h"

namespace spandrel::api {

// The answer to a ServerReflectionRequest: a ServerReflectionResponse, which tells of unknown names
// in its own way. INVALID_ARGUMENT for what is no such request.
base::Result<std::string> AnswerReflection(const ProtoFiles& files,
                                           const std::vector<std::string>& services,
                                           std::string_view request);

// `grpc.reflection.v1.ServerReflection` and `v1alpha`, which are the same but for the name: tells
// clients what services there are and what their messages look like. Calls stay open while their
// clients ask: 64 of them, 16 of one peer. Who asks on and reads no answers is cut off.
// Thread-safe.
class Reflection {
 public:
  // Ends a call.
  using Finish = std::function<void(net::GrpcCall& call, const base::Status& status)>;

  // `files` outlives it; `services` are those to be listed.
  Reflection(const ProtoFiles& files, std::vector<std::string> services, Finish finish);
  ~Reflection();

  // As net::GrpcStreamHandler.
  std::shared_ptr<net::GrpcRequests> Answer(const std::shared_ptr<net::GrpcCall>& call);
  // Calls that are open end, and there are no more.
  void Stop();

 private:
  class OpenCall;

  base::Status MakeRoomFor(const net::GrpcCall& call) SPANDREL_REQUIRES(mutex_);

  const ProtoFiles& files_;
  const std::vector<std::string> services_;
  const Finish finish_;
  base::Mutex mutex_;
  bool is_stopping_ SPANDREL_GUARDED_BY(mutex_) = false;
  std::vector<std::weak_ptr<OpenCall>> calls_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::api
