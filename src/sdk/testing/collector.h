// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/exchange/server_call.h"
#include "net/grpc/grpc_server.h"
#include "net/http/compression.h"
#include "net/http/grpc_shape.h"
#include "net/testing/server.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "wire/otlp/otlp.h"

namespace spandrel::sdk {

// A collector on a real socket that speaks OTLP over gRPC and HTTP and answers as the test says;
// what it accepts it parses with the official classes.
class Collector {
 public:
  using RpcAnswer = std::function<base::Status(int number)>;
  using HttpAnswer = std::function<net::Response(int number)>;

  explicit Collector(std::optional<net::ServerTls> tls = {})
      : scheme_(tls ? "https://" : "http://"),
        router_(memory_),
        server_([this](std::shared_ptr<net::ServerCall> call) { Serve(std::move(call)); }, {},
                std::move(tls)) {
    router_.Handle("/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                   [this](std::shared_ptr<net::GrpcCall> call) { Export(std::move(call)); });
  }

  std::string url() const { return scheme_ + server_.endpoint().ToString(); }
  // What to answer to the request with this number, from 0; OK or 200 means that it is accepted.
  void AnswerRpc(RpcAnswer answer) {
    std::lock_guard lock(mutex_);
    rpc_answer_ = std::move(answer);
  }
  void AnswerHttp(HttpAnswer answer) {
    std::lock_guard lock(mutex_);
    http_answer_ = std::move(answer);
  }
  // Requests get no answer, and wait until the collector goes.
  void Hang() { hanging_ = true; }

  size_t spans() const { return spans_; }
  int calls() const { return calls_; }
  size_t from_process(int pid) {
    std::lock_guard lock(mutex_);
    return spans_by_pid_[pid];
  }
  std::string last_header(const char* name) {
    std::lock_guard lock(mutex_);
    return std::string(net::FindHeader(headers_, name));
  }
  std::string last_path() {
    std::lock_guard lock(mutex_);
    return path_;
  }

  std::atomic<int64_t> reject_spans{0};

 private:
  void Serve(std::shared_ptr<net::ServerCall> call) {
    if (net::IsGrpc(call->request())) return router_(std::move(call));
    if (hanging_) return Keep(std::move(call));
    net::Response response = Ask(http_answer_, calls_++);
    if (response.status == 200 && response.body.empty()) {
      base::ByteBudget::Reservation reservation;
      const std::string body = call->TakeBody(&reservation);
      const auto encoding = net::FindHeader(call->request().headers, "content-encoding");
      const auto plain = net::Decompress(encoding, body, 64 << 20, &reservation);
      EXPECT_TRUE(plain.ok());
      if (plain.ok()) Take(*plain, call->request());
      response.headers = {{"content-type", "application/x-protobuf"}};
      response.body = wire::EncodeExportResponseProtobuf(Partial());
    }
    call->Respond(std::move(response));
  }
  void Export(std::shared_ptr<net::GrpcCall> call) {
    if (hanging_) return Keep(std::move(call));
    const base::Status status = Ask(rpc_answer_, calls_++);
    if (!status.ok()) return call->Finish(status);
    base::ByteBudget::Reservation reservation;
    Take(call->TakeMessage(&reservation), call->request());
    call->Reply(wire::EncodeExportResponseProtobuf(Partial()));
  }
  template <typename T>
  T Ask(const std::function<T(int)>& answer, int number) {
    std::lock_guard lock(mutex_);
    return answer ? answer(number) : T();
  }
  void Keep(std::shared_ptr<void> call) {
    std::lock_guard lock(mutex_);
    kept_.push_back(std::move(call));
  }
  wire::PartialSuccess Partial() const {
    const int64_t rejected = reject_spans;
    return {rejected, rejected > 0 ? "not these" : ""};
  }
  void Take(const std::string& body, const net::Request& http) {
    opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest request;
    EXPECT_TRUE(request.ParseFromString(body));
    std::lock_guard lock(mutex_);
    headers_ = http.headers;
    path_ = http.path;
    for (const auto& resource : request.resource_spans()) {
      int pid = 0;
      for (const auto& attribute : resource.resource().attributes()) {
        if (attribute.key() == "process.pid") pid = static_cast<int>(attribute.value().int_value());
      }
      for (const auto& scope : resource.scope_spans()) {
        spans_ += static_cast<size_t>(scope.spans_size());
        spans_by_pid_[pid] += static_cast<size_t>(scope.spans_size());
      }
    }
  }

  const std::string scheme_;
  std::mutex mutex_;
  RpcAnswer rpc_answer_;                     // guarded by mutex_
  HttpAnswer http_answer_;                   // guarded by mutex_
  net::Headers headers_;                     // guarded by mutex_
  std::string path_;                         // guarded by mutex_
  std::map<int, size_t> spans_by_pid_;       // guarded by mutex_
  std::vector<std::shared_ptr<void>> kept_;  // guarded by mutex_
  std::atomic<size_t> spans_{0};
  std::atomic<int> calls_{0};
  std::atomic<bool> hanging_{false};
  base::ByteBudget memory_{256 << 20};
  net::GrpcRouter router_;
  net::testing::TestServer server_;
};

}  // namespace spandrel::sdk
