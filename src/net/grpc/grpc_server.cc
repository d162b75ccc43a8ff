// SPDX-License-Identifier: Apache-2.0
#include "net/grpc/grpc_server.h"

#include <utility>

#include "base/mutex.h"
#include "net/grpc/grpc_frame.h"
#include "net/http/grpc_shape.h"

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;

class ServerGrpcCall final : public GrpcCall {
 public:
  ServerGrpcCall(std::shared_ptr<ServerCall> call, std::string message,
                 base::ByteBudget::Reservation reservation)
      : call_(std::move(call)),
        message_(std::move(message)),
        reservation_(std::move(reservation)) {}

  ~ServerGrpcCall() override { Finish({StatusCode::kInternal, "no answer"}); }

  const Request& request() const override { return call_->request(); }
  const std::string& identity() const override { return call_->identity(); }
  const std::vector<std::string>& tenants() const override { return call_->tenants(); }

  std::string TakeMessage(base::ByteBudget::Reservation* reservation) override {
    const base::MutexLock lock(mutex_);
    *reservation = std::move(reservation_);
    return std::move(message_);
  }

  size_t Write(std::string_view message) override {
    const base::MutexLock lock(mutex_);
    if (finished_) return 0;
    if (!std::exchange(started_, true)) {
      call_->Start(200, {{"content-type", std::string(kGrpcContentType)},
                         {"grpc-accept-encoding", "identity,deflate,gzip,zstd"}});
    }
    return call_->Write(MakeGrpcFrame(message));
  }

  void AddTrailer(std::string name, std::string value) override {
    const base::MutexLock lock(mutex_);
    trailers_.emplace_back(std::move(name), std::move(value));
  }

  void Finish(const Status& status) override {
    const base::MutexLock lock(mutex_);
    if (std::exchange(finished_, true)) return;
    if (started_) {
      Headers trailers = GrpcStatusHeaders(status);
      trailers.insert(trailers.end(), trailers_.begin(), trailers_.end());
      call_->Finish(std::move(trailers));
    } else {
      Response response = GrpcStatusResponse(status);
      response.headers.insert(response.headers.end(), trailers_.begin(), trailers_.end());
      call_->Respond(std::move(response));
    }
  }

  bool WaitUntilSent(size_t at_most, std::chrono::steady_clock::time_point deadline) override {
    return call_->WaitUntilSent(at_most, deadline);
  }

  void HoldUntilSent(base::ByteBudget::Reservation memory) override {
    call_->HoldUntilSent(std::move(memory));
  }

  bool cancelled() const override { return call_->cancelled(); }

 private:
  const std::shared_ptr<ServerCall> call_;
  base::Mutex mutex_;
  std::string message_ SPANDREL_GUARDED_BY(mutex_);
  base::ByteBudget::Reservation reservation_ SPANDREL_GUARDED_BY(mutex_);
  Headers trailers_ SPANDREL_GUARDED_BY(mutex_);
  bool started_ SPANDREL_GUARDED_BY(mutex_) = false;
  bool finished_ SPANDREL_GUARDED_BY(mutex_) = false;
};

// The body of a streaming call as its messages.
class MessagesOfBody final : public BodyListener {
 public:
  MessagesOfBody(std::shared_ptr<GrpcRequests> requests, GrpcFrameReader reader)
      : requests_(std::move(requests)), reader_(std::move(reader)) {}

  void OnBytes(std::string_view bytes) override {
    while (requests_ != nullptr && !bytes.empty()) {
      base::ByteBudget::Reservation reservation;
      auto message = reader_.Next(&bytes, &reservation);
      if (!message.ok()) return End(message.status());
      if (*message) requests_->OnMessage(**std::move(message), std::move(reservation));
    }
  }
  void OnEnd(const Status& status) override {
    const bool is_cut = status.ok() && !reader_.is_between();
    End(is_cut ? Status(StatusCode::kInvalidArgument, "message is cut off") : status);
  }

 private:
  void End(const Status& status) {
    if (const auto requests = std::exchange(requests_, nullptr)) requests->OnEnd(status);
  }

  std::shared_ptr<GrpcRequests> requests_;  // null after the end
  GrpcFrameReader reader_;
};

// The HTTP status for what is not gRPC at all, or 0.
int NotGrpcStatus(const Request& request) {
  if (!IsGrpc(request)) return 415;
  if (!request.http2) return 426;
  if (request.method != "POST") return 405;
  return 0;
}

}  // namespace

GrpcRouter::GrpcRouter(base::ByteBudget& memory, size_t max_message_bytes,
                       base::MetricRegistry* metrics)
    : memory_(memory), max_message_bytes_(max_message_bytes) {
  if (metrics == nullptr) return;
  for (const StatusCode code :
       {StatusCode::kInvalidArgument, StatusCode::kResourceExhausted, StatusCode::kUnimplemented,
        StatusCode::kInternal, StatusCode::kUnavailable}) {
    refused_[code] = &metrics->AddCounter("spandrel_grpc_refused_calls_total",
                                          {{"code", std::string(base::StatusCodeName(code))}});
  }
}

void GrpcRouter::Refuse(ServerCall& call, const Status& status) const {
  const auto counter = refused_.find(status.code());
  if (counter != refused_.end()) counter->second->Add();
  call.Respond(GrpcStatusResponse(status));
}

void GrpcRouter::Handle(std::string path, GrpcHandler handler) {
  handlers_.insert_or_assign(std::move(path), std::move(handler));
}

void GrpcRouter::operator()(std::shared_ptr<ServerCall> call) const {
  const Request& request = call->request();
  if (const int http_status = NotGrpcStatus(request); http_status != 0) {
    Response response;
    response.status = http_status;
    return call->Respond(std::move(response));
  }
  if (FindHeader(request.headers, "te") != "trailers") {
    return Refuse(*call, {StatusCode::kInternal, "te: trailers is missing"});
  }
  if (const auto stream = streams_.find(request.path); stream != streams_.end()) {
    return Answer(stream->second, std::move(call));
  }
  const auto handler = handlers_.find(request.path);
  if (handler == handlers_.end()) {
    return Refuse(*call, {StatusCode::kUnimplemented, "unknown method " + request.path});
  }
  Answer(handler->second, std::move(call));
}

void GrpcRouter::Answer(const GrpcHandler& handler, std::shared_ptr<ServerCall> call) const {
  const Request& request = call->request();
  base::ByteBudget::Reservation reservation;
  std::string body = call->TakeBody(&reservation);
  auto message = UnpackGrpcMessage(std::move(body), FindHeader(request.headers, "grpc-encoding"),
                                   max_message_bytes_, &memory_, &reservation);
  if (!message.ok()) return Refuse(*call, message.status());
  handler(std::make_shared<ServerGrpcCall>(std::move(call), std::move(*message),
                                           std::move(reservation)));
}

void GrpcRouter::Answer(const Stream& stream, std::shared_ptr<ServerCall> call) const {
  auto requests = stream.handler(
      std::make_shared<ServerGrpcCall>(call, std::string(), base::ByteBudget::Reservation()));
  if (requests == nullptr) return;
  const std::string encoding(FindHeader(call->request().headers, "grpc-encoding"));
  const auto body = std::make_shared<MessagesOfBody>(
      std::move(requests), GrpcFrameReader(&memory_, stream.max_message_bytes, encoding));
  if (call->Listen(body)) return;
  base::ByteBudget::Reservation reservation;
  body->OnBytes(call->TakeBody(&reservation));
  body->OnEnd({});
}

void GrpcRouter::HandleStream(std::string path, size_t max_message_bytes,
                              GrpcStreamHandler handler) {
  streams_.insert_or_assign(std::move(path), Stream{max_message_bytes, std::move(handler)});
}

bool GrpcRouter::IsStreamed(const Request& request) const {
  return NotGrpcStatus(request) == 0 && streams_.find(request.path) != streams_.end();
}

}  // namespace spandrel::net
