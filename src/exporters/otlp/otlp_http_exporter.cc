// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>

#include "base/clock.h"
#include "exporters/attempt_timeout.h"
#include "exporters/factories.h"
#include "exporters/login.h"
#include "exporters/network_exporter.h"
#include "exporters/otlp/config.h"
#include "exporters/otlp/http_answer.h"
#include "exporters/otlp/partial_success.h"
#include "net/http/compression.h"
#include "net/peer/client.h"
#include "signal/batch.h"
#include "wire/otlp/export_response_json.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/otlp_records.h"

namespace spandrel::exporters {
namespace {

using base::Status;
using base::StatusCode;

// One attempt: the batch as a POST, the answer as a status.
template <typename Batch>
class OtlpHttpTransport : public Transport<Batch>,
                          public std::enable_shared_from_this<OtlpHttpTransport<Batch>> {
 public:
  // `config` has a target for the signal; `login` may be null.
  OtlpHttpTransport(net::IoRuntime& runtime, const pipeline::ComponentContext& context,
                    std::shared_ptr<const OtlpHttpExporterConfig> config,
                    std::shared_ptr<endpoints::ClientAuthenticator> login)
      : config_(std::move(config)),
        target_(*config_->target(kSignal)),
        login_(std::move(login)),
        client_(std::make_unique<net::HttpClient>(runtime, target_.client.client)),
        partial_(context, kSignal) {}

  void Send(const Batch& batch, std::chrono::nanoseconds timeout,
            pipeline::Completion done) override {
    auto request = MakeRequest(batch);
    if (!request.ok()) return done(request.status());
    client_->Send(std::move(*request), AttemptTimeout(timeout),
                  [self = this->shared_from_this(), done = std::move(done)](
                      base::Result<net::Response> response) { done(self->Judge(response)); });
  }

  void Close() override { client_.reset(); }

 private:
  static constexpr signal::Signal kSignal = signal::kSignalOf<Batch>;

  base::Result<net::Request> MakeRequest(const Batch& batch) const {
    net::Request request;
    request.method = "POST";
    request.target = target_.path;
    request.path = target_.path;
    request.authority = target_.client.authority;
    request.headers = target_.client.headers;
    if (login_ != nullptr) login_->Authorize(&request.headers);
    request.headers.emplace_back("content-type",
                                 config_->json ? "application/json" : "application/x-protobuf");
    request.body = config_->json ? wire::EncodeOtlpJson(batch) : wire::EncodeOtlpProtobuf(batch);
    const std::string& coding = target_.client.compression;
    if (coding.empty()) return request;
    auto compressed = net::Compress(coding, request.body);
    if (!compressed.ok()) return compressed.status();
    request.body = std::move(*compressed);
    request.headers.emplace_back("content-encoding", coding);
    return request;
  }

  Status Judge(const base::Result<net::Response>& response) {
    const Status status = response.ok()
                              ? StatusOfHttpAnswer(*response, base::SystemClock().NowUnixNano())
                              : response.status();
    return status.ok() ? ReadPartialSuccess(*response) : status;
  }

  // A peer that answers with something else altogether is not asked again: it took the request.
  Status ReadPartialSuccess(const net::Response& response) {
    const std::string_view type = net::FindHeader(response.headers, "content-type");
    const bool json = type.starts_with("application/json");
    if (!json && !type.starts_with("application/x-protobuf")) return {};
    auto partial = json ? wire::DecodeExportResponseJson(response.body)
                        : wire::DecodeExportResponseProtobuf(response.body);
    if (!partial.ok()) {
      return {StatusCode::kInternal,
              "the peer's answer is malformed: " + partial.status().message()};
    }
    partial_.Add(*partial);
    return {};
  }

  const std::shared_ptr<const OtlpHttpExporterConfig> config_;
  const OtlpHttpTarget& target_;
  const std::shared_ptr<endpoints::ClientAuthenticator> login_;
  std::unique_ptr<net::HttpClient> client_;
  PartialSuccessReport partial_;
};

}  // namespace

pipeline::ExporterFactory MakeOtlpHttpExporterFactory(net::IoRuntime& runtime) {
  pipeline::ExporterFactory factory;
  factory.info = {"otlp_http", {"otlphttp"}, "stable", "Sends OTLP over HTTP."};
  factory.decode = DecodeOtlpHttpExporterConfig;
  factory.create = pipeline::ForAllSignals<pipeline::MakeExporter>([&runtime]<typename Batch>() {
    return [&runtime](const pipeline::ComponentContext& context,
                      std::shared_ptr<const pipeline::ConfigBase> config)
               -> base::Result<std::unique_ptr<pipeline::Exporter<Batch>>> {
      auto own = std::static_pointer_cast<const OtlpHttpExporterConfig>(config);
      const auto name = signal::SignalName(signal::kSignalOf<Batch>);
      if (own->target(signal::kSignalOf<Batch>) == nullptr) {
        return Status(StatusCode::kInvalidArgument,
                      fmt::format("no URL for {}: write 'endpoint' or '{}_endpoint'", name, name));
      }
      auto login = FindLogin(context, own->authenticator);
      if (!login.ok()) return login.status();
      auto transport =
          std::make_shared<OtlpHttpTransport<Batch>>(runtime, context, own, *std::move(login));
      return std::unique_ptr<pipeline::Exporter<Batch>>(
          std::make_unique<NetworkExporter<Batch>>(context, own->sending, std::move(transport)));
    };
  });
  return factory;
}

}  // namespace spandrel::exporters
