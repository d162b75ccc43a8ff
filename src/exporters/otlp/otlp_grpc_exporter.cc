// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <utility>

#include "exporters/attempt_timeout.h"
#include "exporters/factories.h"
#include "exporters/login.h"
#include "exporters/network_exporter.h"
#include "exporters/otlp/config.h"
#include "exporters/otlp/partial_success.h"
#include "net/grpc/grpc_channel.h"
#include "net/socket/io_runtime.h"
#include "signal/batch.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/otlp_paths.h"
#include "wire/otlp/otlp_records.h"

namespace spandrel::exporters {
namespace {

// One attempt: the batch as an OTLP request, the reply as a status.
template <typename Batch>
class OtlpGrpcTransport : public Transport<Batch>,
                          public std::enable_shared_from_this<OtlpGrpcTransport<Batch>> {
 public:
  OtlpGrpcTransport(net::IoRuntime& runtime, const pipeline::ComponentContext& context,
                    net::GrpcChannelOptions channel)
      : channel_(std::make_unique<net::GrpcChannel>(runtime, std::move(channel))),
        partial_(context, kSignal) {}

  void Send(const Batch& batch, std::chrono::nanoseconds timeout,
            pipeline::Completion done) override {
    channel_->Unary(
        wire::OtlpGrpcMethod(kSignal), wire::EncodeOtlpProtobuf(batch), AttemptTimeout(timeout),
        [self = this->shared_from_this(), done = std::move(done)](net::GrpcChannel::Reply reply) {
          done(self->Judge(std::move(reply)));
        });
  }

  void Close() override { channel_.reset(); }

 private:
  static constexpr signal::Signal kSignal = signal::kSignalOf<Batch>;

  base::Status Judge(net::GrpcChannel::Reply reply) {
    if (reply.status.ok()) {
      auto partial = wire::DecodeExportResponseProtobuf(reply.message);
      if (partial.ok()) {
        partial_.Add(*partial);
      } else {
        reply.status = {base::StatusCode::kInternal,
                        "the peer's answer is malformed: " + partial.status().message()};
      }
    }
    return reply.status;
  }

  std::unique_ptr<net::GrpcChannel> channel_;
  PartialSuccessReport partial_;
};

}  // namespace

pipeline::ExporterFactory MakeOtlpGrpcExporterFactory(net::IoRuntime& runtime) {
  pipeline::ExporterFactory factory;
  factory.info = {"otlp_grpc", {"otlp"}, "stable", "Sends OTLP over gRPC."};
  factory.decode = DecodeOtlpGrpcExporterConfig;
  factory.create = pipeline::ForAllSignals<pipeline::MakeExporter>([&runtime]<typename Batch>() {
    return [&runtime](const pipeline::ComponentContext& context,
                      std::shared_ptr<const pipeline::ConfigBase> config)
               -> base::Result<std::unique_ptr<pipeline::Exporter<Batch>>> {
      const auto& own = static_cast<const OtlpGrpcExporterConfig&>(*config);
      auto channel = WithLogin(own.channel, context, own.authenticator);
      if (!channel.ok()) return channel.status();
      return std::unique_ptr<pipeline::Exporter<Batch>>(std::make_unique<NetworkExporter<Batch>>(
          context, own.sending,
          std::make_shared<OtlpGrpcTransport<Batch>>(runtime, context, *std::move(channel))));
    };
  });
  return factory;
}

}  // namespace spandrel::exporters
