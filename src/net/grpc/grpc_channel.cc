// SPDX-License-Identifier: Apache-2.0
#include "net/grpc/grpc_channel.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <future>

#include "net/exchange/calls_under_way.h"
#include "net/grpc/grpc_frame.h"
#include "net/http/compression.h"
#include "net/http/grpc_shape.h"
#include "net/http/rpc_status.h"
#include "net/http2/http2_channel.h"

namespace spandrel::net {
namespace {

using base::Status;
using base::StatusCode;

constexpr std::chrono::milliseconds kConnectTimeout{10'000};
constexpr int64_t kMaxTimeoutDigits = 99'999'999;  // eight digits

std::string TimeoutText(std::chrono::milliseconds timeout) {
  const int64_t ms = std::max<int64_t>(timeout.count(), 1);
  if (ms <= kMaxTimeoutDigits) return std::to_string(ms) + "m";
  return std::to_string(std::min(ms / 1000, kMaxTimeoutDigits)) + "S";
}

// The status of a call whose response is whole.
Status CallStatus(const Response& response) {
  auto status = ReadGrpcStatus(response.trailers);
  if (!status) status = ReadGrpcStatus(response.headers);
  if (status) return *status;
  if (response.status != 200) {
    return {GrpcCodeOfHttpStatus(response.status),
            "server answered http status " + std::to_string(response.status)};
  }
  return {StatusCode::kUnknown, "server sent no grpc-status"};
}

// Cuts a response's bytes into messages.
class MessageReader {
 public:
  MessageReader(size_t max_message_bytes, std::function<void(std::string)> on_message)
      : max_message_bytes_(max_message_bytes), on_message_(std::move(on_message)) {}

  // False when the rest is not wanted.
  bool Append(std::string_view bytes) {
    buffer_.append(bytes);
    size_t position = 0;
    while (status_.ok() && TakeOne(&position)) {
    }
    buffer_.erase(0, position);
    return status_.ok();
  }
  const Status& status() const { return status_; }
  Status Finish() const {
    if (!status_.ok() || buffer_.empty()) return status_;
    return {StatusCode::kInternal, "response ends within a message"};
  }
  void set_encoding(std::string encoding) { encoding_ = std::move(encoding); }

 private:
  bool TakeOne(size_t* position) {
    const std::string_view rest = std::string_view(buffer_).substr(*position);
    const auto header = ReadGrpcFrameHeader(rest);
    if (!header) return false;
    if (header->size > max_message_bytes_) {
      status_ =
          Status(StatusCode::kResourceExhausted,
                 "response message of " + std::to_string(header->size) + " bytes is too large");
      return false;
    }
    const size_t frame_bytes = kGrpcFrameHeaderBytes + header->size;
    if (rest.size() < frame_bytes) return false;
    auto message = UnpackGrpcMessage(std::string(rest.substr(0, frame_bytes)), encoding_,
                                     max_message_bytes_, nullptr, nullptr);
    *position += frame_bytes;
    if (!message.ok()) {
      status_ = message.status();
      return false;
    }
    on_message_(std::move(*message));
    return true;
  }

  const size_t max_message_bytes_;
  const std::function<void(std::string)> on_message_;
  std::string encoding_;
  std::string buffer_;
  Status status_;
};

GrpcChannel::Reply UnaryReply(ClientOutcome outcome, size_t max_response_bytes) {
  if (!outcome.status.ok()) return {outcome.status, {}};
  Status status = CallStatus(outcome.response);
  if (!status.ok()) return {status, {}};
  base::ByteBudget::Reservation unused;
  auto message = UnpackGrpcMessage(std::move(outcome.response.body),
                                   FindHeader(outcome.response.headers, "grpc-encoding"),
                                   max_response_bytes, nullptr, &unused);
  if (message.ok()) return {{}, std::move(*message)};
  const bool too_large = message.status().code() == StatusCode::kResourceExhausted;
  return {Status(too_large ? StatusCode::kResourceExhausted : StatusCode::kInternal,
                 "response: " + message.status().message()),
          {}};
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
      std::make_shared<MessageReader>(impl_->options.max_response_bytes, std::move(on_message));
  (*call)->on_headers = [reader](const Response& response) {
    reader->set_encoding(std::string(FindHeader(response.headers, "grpc-encoding")));
  };
  (*call)->on_data = [reader](std::string_view bytes) { return reader->Append(bytes); };
  (*call)->done = [finish, reader](const ClientOutcome& outcome) {
    if (!reader->status().ok() || !outcome.status.ok()) {
      return finish(!reader->status().ok() ? reader->status() : outcome.status);
    }
    const Status status = CallStatus(outcome.response);
    finish(status.ok() ? reader->Finish() : status);
  };
  impl_->channel->Send(std::move(*call));
}

}  // namespace spandrel::net
