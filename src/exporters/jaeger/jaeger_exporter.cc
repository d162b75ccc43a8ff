// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "exporters/attempt_timeout.h"
#include "exporters/factories.h"
#include "exporters/jaeger/config.h"
#include "exporters/jaeger/post_spans.h"
#include "exporters/login.h"
#include "exporters/network_exporter.h"
#include "net/grpc/grpc_channel.h"
#include "net/socket/io_runtime.h"

namespace spandrel::exporters {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kPostSpansPath = "/jaeger.api_v2.CollectorService/PostSpans";

// One attempt: the requests of a batch one after another, until one fails.
class JaegerTransport : public Transport<span::SpanBatch>,
                        public std::enable_shared_from_this<JaegerTransport> {
 public:
  JaegerTransport(net::IoRuntime& runtime, net::GrpcChannelOptions channel)
      : channel_(std::make_shared<net::GrpcChannel>(runtime, std::move(channel))) {}

  void Send(const span::SpanBatch& batch, std::chrono::nanoseconds timeout,
            pipeline::Completion done) override {
    auto attempt = std::make_shared<Attempt>();
    attempt->requests = MakePostSpansRequests(batch);
    attempt->deadline = steady_clock::now() + AttemptTimeout(timeout);
    attempt->done = std::move(done);
    SendNext(std::move(attempt));
  }

  void Close() override {
    std::shared_ptr<net::GrpcChannel> channel;
    base::MutexLock lock(mutex_);
    channel.swap(channel_);
  }

 private:
  struct Attempt {
    std::vector<std::string> requests;
    size_t next = 0;
    steady_clock::time_point deadline;
    pipeline::Completion done;
  };

  void SendNext(std::shared_ptr<Attempt> attempt) {
    if (attempt->next == attempt->requests.size()) return attempt->done({});
    const auto left = std::chrono::ceil<milliseconds>(attempt->deadline - steady_clock::now());
    if (left.count() <= 0) {
      return attempt->done({base::StatusCode::kDeadlineExceeded, "no time left for the batch"});
    }
    const auto channel = OpenChannel();
    if (!channel) return attempt->done({base::StatusCode::kCancelled, "the exporter is closed"});
    const std::string& request = attempt->requests[attempt->next++];
    channel->Unary(kPostSpansPath, request, left,
                   [self = shared_from_this(), attempt](net::GrpcChannel::Reply reply) {
                     if (!reply.status.ok()) {
                       return attempt->done(StatusOfPostSpans(reply.status));
                     }
                     self->SendNext(attempt);
                   });
  }

  // Null after Close, which comes while attempts go on.
  std::shared_ptr<net::GrpcChannel> OpenChannel() {
    base::MutexLock lock(mutex_);
    return channel_;
  }

  base::Mutex mutex_;
  std::shared_ptr<net::GrpcChannel> channel_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace

pipeline::ExporterFactory MakeJaegerExporterFactory(net::IoRuntime& runtime) {
  pipeline::ExporterFactory factory;
  factory.info = {"jaeger", {}, "stable", "Sends spans to Jaeger's collector over gRPC."};
  factory.decode = DecodeJaegerExporterConfig;
  factory.create.traces = [&runtime](const pipeline::ComponentContext& context,
                                     std::shared_ptr<const pipeline::ConfigBase> config)
      -> base::Result<std::unique_ptr<pipeline::Exporter<span::SpanBatch>>> {
    const auto& own = static_cast<const JaegerExporterConfig&>(*config);
    auto channel = WithLogin(own.channel, context, own.authenticator);
    if (!channel.ok()) return channel.status();
    return std::unique_ptr<pipeline::Exporter<span::SpanBatch>>(
        std::make_unique<NetworkExporter<span::SpanBatch>>(
            context, own.sending, std::make_shared<JaegerTransport>(runtime, *std::move(channel))));
  };
  return factory;
}

}  // namespace spandrel::exporters
