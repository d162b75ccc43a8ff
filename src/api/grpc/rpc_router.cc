// SPDX-License-Identifier: Apache-2.0
#include "api/grpc/rpc_router.h"

#include <limits>
#include <utility>

#include "api/http/pace.h"
#include "api/http/responses.h"
#include "base/time_text.h"

namespace spandrel::api {
namespace {

using base::Status;
using base::StatusCode;

constexpr size_t kMaxRequestBytes = 1 << 20;
constexpr size_t kMaxStreamedRequestBytes = 16 << 10;
constexpr size_t kMaxTimeoutDigits = 8;  // so says the protocol

// Writes a call's messages as fast as they are read.
class PacedSink final : public RpcSink {
 public:
  PacedSink(net::GrpcCall& call, const storage::QueryContext& context)
      : call_(call), context_(context) {}

  Status Write(std::string_view message) override {
    SPANDREL_RETURN_IF_ERROR(Reserve(message.size() + kMaxUnsentBytes));
    if (call_.cancelled()) return {StatusCode::kCancelled, "the client has gone"};
    if (call_.Write(message) <= kMaxUnsentBytes) return {};
    return WaitForReader(call_, context_);
  }
  // What was written is held until it is sent.
  void End() { call_.HoldUntilSent(std::move(memory_)); }

 private:
  // For the largest message so far, and what waits before it.
  Status Reserve(size_t bytes) {
    if (bytes <= memory_.bytes()) return {};
    if (memory_.bytes() > 0) {
      const bool fits = memory_.TryGrow(bytes - memory_.bytes());
      return fits ? Status() : storage::QueryContext::OutOfMemory();
    }
    auto memory = context_.ReserveAnswer(bytes);
    if (!memory.ok()) return memory.status();
    memory_ = *std::move(memory);
    return {};
  }

  net::GrpcCall& call_;
  const storage::QueryContext& context_;
  base::ByteBudget::Reservation memory_;
};

std::optional<int64_t> NanosOf(char unit) {
  switch (unit) {
    case 'H':
      return 3'600'000'000'000;
    case 'M':
      return 60'000'000'000;
    case 'S':
      return 1'000'000'000;
    case 'm':
      return 1'000'000;
    case 'u':
      return 1'000;
    case 'n':
      return 1;
    default:
      return std::nullopt;
  }
}

}  // namespace

base::Result<std::optional<std::chrono::nanoseconds>> ParseGrpcTimeout(std::string_view text) {
  if (text.empty()) return std::optional<std::chrono::nanoseconds>();
  const auto unit = NanosOf(text.back());
  text.remove_suffix(1);
  const auto count = base::ParseUnsigned(text);
  if (!unit || !count || text.size() > kMaxTimeoutDigits) {
    return Status(StatusCode::kInvalidArgument, "grpc-timeout: expected digits and a unit");
  }
  const auto most = static_cast<uint64_t>(std::numeric_limits<int64_t>::max() / *unit);
  const int64_t nanos = *count > most ? INT64_MAX : static_cast<int64_t>(*count) * *unit;
  return std::optional<std::chrono::nanoseconds>(std::chrono::nanoseconds(nanos));
}

RpcRouter::RpcRouter(const Steps& steps, base::ByteBudget* memory, QueryQueue& queue,
                     base::MetricRegistry& metrics)
    : steps_(steps),
      queue_(queue),
      unbounded_(SIZE_MAX),
      router_(memory == nullptr ? unbounded_ : *memory, kMaxRequestBytes, &metrics) {
  for (size_t code = 0; code <= static_cast<size_t>(StatusCode::kUnauthenticated); ++code) {
    const std::string name(base::StatusCodeName(static_cast<StatusCode>(code)));
    answers_.push_back(&metrics.AddCounter("spandrel_api_rpcs_total", {{"code", name}}));
  }
}

// Of "/package.Service/Method".
void RpcRouter::AddService(std::string_view path) {
  services_.emplace(path.substr(1, path.rfind('/') - 1));
}

void RpcRouter::Handle(const std::string& path, RpcHandler handler, Cost cost) {
  guarded_.push_back(path);
  AddService(path);
  router_.Handle(
      path, [this, handler = std::move(handler), cost](const std::shared_ptr<net::GrpcCall>& call) {
        Admit(handler, cost, call);
      });
}

void RpcRouter::HandleOpen(const std::string& path, RpcHandler handler) {
  AddService(path);
  router_.Handle(path,
                 [this, handler = std::move(handler)](const std::shared_ptr<net::GrpcCall>& call) {
                   if (const auto refusal = steps_.CheckHost(call->request())) {
                     return Finish(*call, refusal->status);
                   }
                   const storage::QueryContext context;
                   base::ByteBudget::Reservation reservation;
                   const std::string message = call->TakeMessage(&reservation);
                   PacedSink sink(*call, context);
                   Finish(*call, handler({message, context}, sink));
                 });
}

void RpcRouter::HandleKept(const std::string& path, KeptRpcHandler handler) {
  AddService(path);
  router_.Handle(path,
                 [this, handler = std::move(handler)](const std::shared_ptr<net::GrpcCall>& call) {
                   if (const auto refusal = steps_.CheckHost(call->request())) {
                     return Finish(*call, refusal->status);
                   }
                   handler(call);
                 });
}

void RpcRouter::HandleStream(const std::string& path, net::GrpcStreamHandler handler) {
  guarded_.push_back(path);
  AddService(path);
  router_.HandleStream(
      path, kMaxStreamedRequestBytes,
      [this, handler = std::move(handler)](
          const std::shared_ptr<net::GrpcCall>& call) -> std::shared_ptr<net::GrpcRequests> {
        Admission admission;
        auto refusal = steps_.CheckHost(call->request());
        if (!refusal) refusal = steps_.Admit(call->request(), std::nullopt, &admission);
        if (!refusal) return handler(call);
        Finish(*call, refusal->status);
        return nullptr;
      });
}

void RpcRouter::Admit(const RpcHandler& handler, Cost cost,
                      const std::shared_ptr<net::GrpcCall>& call) const {
  const net::Request& request = call->request();
  if (const auto refusal = steps_.CheckHost(request)) return Finish(*call, refusal->status);
  const auto timeout = ParseGrpcTimeout(net::FindHeader(request.headers, "grpc-timeout"));
  if (!timeout.ok()) return Finish(*call, timeout.status());
  Admission admission;
  const auto refusal = steps_.Admit(request, *timeout, &admission);
  if (refusal) return Finish(*call, refusal->status);
  const std::string peer = admission.peer;
  const auto place = queue_.TrySubmit(
      peer, cost,
      [this, &handler, admission = std::move(admission), call] { Run(handler, admission, *call); },
      [call] { return call->cancelled(); });
  if (place != QueryQueue::Place::kTaken) Finish(*call, steps_.NoRoom(place));
}

void RpcRouter::Run(const RpcHandler& handler, const Admission& admission,
                    net::GrpcCall& call) const {
  const auto is_gone = [&call] { return call.cancelled(); };
  const storage::QueryContext context(steps_.OptionsFor(admission, is_gone));
  base::ByteBudget::Reservation reservation;
  const std::string message = call.TakeMessage(&reservation);
  PacedSink sink(call, context);
  Status status = context.Check();  // it may have waited long for a worker
  if (status.ok()) status = handler({message, context}, sink);
  if (!status.ok()) steps_.CountEnd(context, is_gone());
  if (const uint64_t spans = context.unreadable_spans(); spans > 0) {
    call.AddTrailer(std::string(kUnreadableSpansHeader), std::to_string(spans));
  }
  sink.End();
  Finish(call, status);
}

void RpcRouter::Finish(net::GrpcCall& call, const Status& status) const {
  answers_[static_cast<size_t>(status.code())]->Add();
  call.Finish(status);
}

}  // namespace spandrel::api
