// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <utility>

#include "net/grpc/grpc_channel.h"
#include "net/http/compression.h"
#include "net/peer/client.h"
#include "net/socket/io_runtime.h"
#include "sdk/export/console_transport.h"
#include "sdk/export/otlp_answer.h"
#include "sdk/export/sink_transport.h"
#include "sdk/export/transport.h"
#include "sdk/options/endpoint_url.h"
#include "sdk/process/io_thread.h"

namespace spandrel::sdk {
namespace {

constexpr std::string_view kExportPath =
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr const char* kUserAgent = "OTel-OTLP-Exporter-Spandrel-Cpp/0.1.0";

net::ClientTls TlsOf(const ExportOptions& options, const EndpointUrl& url) {
  net::ClientTls tls;
  tls.insecure = !url.tls;
  tls.ca_file = options.ca_file;
  tls.cert_file = options.cert_file;
  tls.key_file = options.key_file;
  return tls;
}

class GrpcTransport final : public Transport {
 public:
  GrpcTransport(const ExportOptions& options, const EndpointUrl& url)
      : runtime_(SharedIoThread()), channel_(*runtime_, ChannelOptions(options, url)) {}

  void Send(std::shared_ptr<const std::string> request, std::chrono::milliseconds timeout,
            std::function<void(Outcome)> done) override {
    channel_.Unary(kExportPath, *request, timeout,
                   [request, done = std::move(done)](net::GrpcChannel::Reply reply) {
                     done(OutcomeOfRpc(std::move(reply.status), reply.message));
                   });
  }

 private:
  static net::GrpcChannelOptions ChannelOptions(const ExportOptions& options,
                                                const EndpointUrl& url) {
    net::GrpcChannelOptions channel;
    channel.endpoint = url.endpoint;
    channel.tls = TlsOf(options, url);
    channel.headers = options.headers;
    channel.compression = options.compression;
    channel.user_agent = kUserAgent;
    return channel;
  }

  std::shared_ptr<net::IoRuntime> runtime_;
  net::GrpcChannel channel_;
};

class HttpTransport final : public Transport {
 public:
  HttpTransport(const ExportOptions& options, EndpointUrl url)
      : runtime_(SharedIoThread()),
        client_(*runtime_, {url.endpoint, TlsOf(options, url)}),
        url_(std::move(url)),
        headers_(options.headers),
        compression_(options.compression) {}

  void Send(std::shared_ptr<const std::string> body, std::chrono::milliseconds timeout,
            std::function<void(Outcome)> done) override {
    client_.Send(MakeRequest(*body), timeout,
                 [done = std::move(done)](base::Result<net::Response> response) {
                   if (!response.ok()) return done({response.status(), 0, {}});
                   done(OutcomeOfHttp(*response, std::chrono::system_clock::now()));
                 });
  }

 private:
  net::Request MakeRequest(const std::string& body) const {
    net::Request request;
    request.method = "POST";
    request.target = url_.path.empty() ? "/v1/traces" : url_.path;
    request.path = request.target;
    request.authority = url_.endpoint.ToString();
    request.headers = {{"content-type", "application/x-protobuf"}, {"user-agent", kUserAgent}};
    request.headers.insert(request.headers.end(), headers_.begin(), headers_.end());
    if (compression_.empty()) {
      request.body = body;
      return request;
    }
    base::Result<std::string> smaller = net::Compress(compression_, body);
    if (smaller.ok()) request.headers.emplace_back("content-encoding", compression_);
    request.body = smaller.ok() ? *std::move(smaller) : body;
    return request;
  }

  std::shared_ptr<net::IoRuntime> runtime_;
  net::HttpClient client_;
  const EndpointUrl url_;
  const net::Headers headers_;
  const std::string compression_;
};

class FailingTransport final : public Transport {
 public:
  explicit FailingTransport(base::Status status) : status_(std::move(status)) {}
  void Send(std::shared_ptr<const std::string>, std::chrono::milliseconds,
            std::function<void(Outcome)> done) override {
    done({status_, 0, {}});
  }

 private:
  const base::Status status_;
};

}  // namespace

std::unique_ptr<Transport> MakeOtlpTransport(const ExportOptions& options) {
  if (options.sink != nullptr) return MakeSinkTransport(options.sink);
  if (options.protocol == ExportOptions::Protocol::kConsole) return MakeConsoleTransport(stdout);
  const bool grpc = options.protocol == ExportOptions::Protocol::kGrpc;
  const std::string_view fallback = grpc ? "http://localhost:4317" : "http://localhost:4318";
  base::Result<EndpointUrl> url = ParseEndpointUrl(
      options.endpoint.empty() ? fallback : std::string_view(options.endpoint), grpc ? 4317 : 4318);
  if (!url.ok()) {
    return std::make_unique<FailingTransport>(
        base::Status(base::StatusCode::kFailedPrecondition, url.status().message()));
  }
  if (grpc) return std::make_unique<GrpcTransport>(options, *url);
  return std::make_unique<HttpTransport>(options, *std::move(url));
}

}  // namespace spandrel::sdk
