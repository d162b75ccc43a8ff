// SPDX-License-Identifier: Apache-2.0
#include "net/grpc/grpc_channel.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <future>

#include "net/exchange/calls_under_way.h"
#include "net/grpc/grpc_answer.h"
#include "net/grpc/grpc_frame.h"
#include "net/http/compression.h"
#include "net/http/grpc_shape.h"
#include "net/http2/http2_channel.h"

namespace spandrel::net {
namespace {

using base::Status;

constexpr std::chrono::milliseconds kConnectTimeout{10'000};
constexpr int64_t kMaxTimeoutDigits = 99'999'999;  // eight digits

std::string TimeoutText(std::chrono::milliseconds timeout) {
  const int64_t ms = std::max<int64_t>(timeout.count(), 1);
  if (ms <= kMaxTimeoutDigits) return std::to_string(ms) + "m";
  return std::to_string(std::min(ms / 1000, kMaxTimeoutDigits)) + "S";
}

GrpcChannel::Reply UnaryReply(ClientOutcome outcome, size_t max_response_bytes) {
  if (!outcome.status.ok()) return {outcome.status, {}};
  auto message = UnaryGrpcMessage(std::move(outcome.response), max_response_bytes);
  if (!message.ok()) return {message.status(), {}};
  return {{}, *std::move(message)};
}

}  // namespace

struct GrpcChannel::Impl {
  Impl(IoRuntime& runtime, GrpcChannelOptions channel_options)
      : runtime(runtime.impl()),
        options(std::move(channel_options)),
        channel(std::make_shared<Http2Channel>(runtime, options.endpoint, options.tls,
                                               kConnectTimeout)) {}

  base::Result<std::shared_ptr<ClientCall>> MakeCall(std::string_view path,
                                                     std::string_view message,
                                                     std::chrono::milliseconds timeout) const;

  IoRuntime::Impl& runtime;
  const GrpcChannelOptions options;
  const std::shared_ptr<Http2Channel> channel;

  CallsUnderWay calls;
};

base::Result<std::shared_ptr<ClientCall>> GrpcChannel::Impl::MakeCall(
    std::string_view path, std::string_view message, std::chrono::milliseconds timeout) const {
  auto call = std::make_shared<ClientCall>();
  Request& request = call->request;
  request.method = "POST";
  request.target = std::string(path);
  request.authority = options.authority.empty() ? channel->target().name() : options.authority;
  request.headers = {{"te", "trailers"},
                     {"content-type", "application/grpc"},
                     {"user-agent", options.user_agent},
                     {"grpc-accept-encoding", "identity,deflate,gzip,zstd"},
                     {"grpc-timeout", TimeoutText(timeout)}};
  const bool compressed = !options.compression.empty() && options.compression != "identity";
  if (compressed) {
    auto squeezed = Compress(options.compression, message);
    if (!squeezed.ok()) return squeezed.status();
    request.headers.emplace_back("grpc-encoding", options.compression);
    request.body = MakeGrpcFrame(*squeezed, true);
  } else {
    request.body = MakeGrpcFrame(message);
  }
  request.headers.insert(request.headers.end(), options.headers.begin(), options.headers.end());
  if (options.authorize) options.authorize(&request.headers);
  call->deadline = SteadyClock::now() + timeout;
  call->max_response_bytes = options.max_response_bytes + kGrpcFrameHeaderBytes;
  return call;
}

GrpcChannel::GrpcChannel(IoRuntime& runtime, GrpcChannelOptions options)
    : impl_(std::make_shared<Impl>(runtime, std::move(options))) {}

GrpcChannel::~GrpcChannel() {
  impl_->channel->Close();
  impl_->calls.WaitForNone(impl_->runtime);
}

void GrpcChannel::Unary(std::string_view path, std::string_view message,
                        std::chrono::milliseconds timeout, ReplyCallback done) {
  auto call = impl_->MakeCall(path, message, timeout);
  impl_->calls.Begin();
  auto finish = [impl = impl_, done = std::move(done)](Reply reply) {
    done(std::move(reply));
    impl->calls.End();
  };
  if (!call.ok()) {
    asio::post(impl_->runtime.context, [finish, status = call.status()] { finish({status, {}}); });
    return;
  }
  (*call)->done = [finish, limit = impl_->options.max_response_bytes](ClientOutcome outcome) {
    finish(UnaryReply(std::move(outcome), limit));
  };
  impl_->channel->Send(std::move(*call));
}

GrpcChannel::Reply GrpcChannel::UnaryAndWait(std::string_view path, std::string_view message,
                                             std::chrono::milliseconds timeout) {
  auto promise = std::make_shared<std::promise<Reply>>();
  std::future<Reply> future = promise->get_future();
  Unary(path, message, timeout, [promise](Reply reply) { promise->set_value(std::move(reply)); });
  return future.get();
}

void GrpcChannel::ServerStreaming(std::string_view path, std::string_view message,
                                  std::chrono::milliseconds timeout,
                                  std::function<void(std::string)> on_message,
                                  std::function<void(base::Status)> done) {
  auto call = impl_->MakeCall(path, message, timeout);
  impl_->calls.Begin();
  auto finish = [impl = impl_, done = std::move(done)](const Status& status) {
    done(status);
    impl->calls.End();
  };
  if (!call.ok()) {
    asio::post(impl_->runtime.context, [finish, status = call.status()] { finish(status); });
    return;
  }
  auto reader =
      std::make_shared<GrpcMessageReader>(impl_->options.max_response_bytes, std::move(on_message));
  (*call)->on_headers = [reader](const Response& response) {
    reader->set_encoding(std::string(FindHeader(response.headers, "grpc-encoding")));
  };
  (*call)->on_data = [reader](std::string_view bytes) { return reader->Append(bytes); };
  (*call)->done = [finish, reader](const ClientOutcome& outcome) {
    if (!reader->status().ok() || !outcome.status.ok()) {
      return finish(!reader->status().ok() ? reader->status() : outcome.status);
    }
    const Status status = GrpcCallStatus(outcome.response);
    finish(status.ok() ? reader->Finish() : status);
  };
  impl_->channel->Send(std::move(*call));
}

}  // namespace spandrel::net
