// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <mutex>
#include <utility>

#include "net/client.h"
#include "net/compression.h"
#include "net/grpc.h"
#include "net/server.h"
#include "sdk/endpoint_url.h"
#include "sdk/transport.h"
#include "wire/otlp.h"

namespace spandrel::sdk {
namespace {

constexpr std::string_view kExportPath =
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr const char* kUserAgent = "OTel-OTLP-Exporter-Spandrel-Cpp/0.1.0";

// One I/O thread serves the exporters of all providers; it ends with the last of them.
class SharedRuntime {
 public:
  std::shared_ptr<net::IoRuntime> Get() {
    std::lock_guard lock(mutex_);
    std::shared_ptr<net::IoRuntime> runtime = runtime_.lock();
    if (runtime == nullptr) runtime_ = runtime = std::make_shared<net::IoRuntime>(1);
    return runtime;
  }
  // Only the forking thread is left, so the mutex may be in any state: it is not used.
  void ForgetInChild() {
    new (&mutex_) std::mutex();
    runtime_.reset();
  }

 private:
  std::mutex mutex_;
  std::weak_ptr<net::IoRuntime> runtime_;  // guarded by mutex_
};

SharedRuntime& Runtime() {
  static SharedRuntime* const runtime = new SharedRuntime;
  return *runtime;
}

net::ClientTls TlsOf(const ExportOptions& options, const EndpointUrl& url) {
  net::ClientTls tls;
  tls.insecure = !url.tls;
  tls.ca_file = options.ca_file;
  tls.cert_file = options.cert_file;
  tls.key_file = options.key_file;
  return tls;
}

Transport::Outcome OutcomeOf(base::Status status, std::string_view response) {
  if (!status.ok()) return {std::move(status), 0, {}};
  const base::Result<wire::PartialSuccess> answer = wire::DecodeExportResponseProtobuf(response);
  // The spans were taken; an answer that cannot be read changes nothing about it.
  if (!answer.ok()) return {};
  const int64_t rejected = std::max<int64_t>(0, answer->rejected_spans);
  return {{}, static_cast<uint64_t>(rejected), answer->error_message};
}

class GrpcTransport final : public Transport {
 public:
  GrpcTransport(const ExportOptions& options, const EndpointUrl& url)
      : runtime_(Runtime().Get()), channel_(*runtime_, ChannelOptions(options, url)) {}

  void Send(std::shared_ptr<const std::string> request, std::chrono::milliseconds timeout,
            std::function<void(Outcome)> done) override {
    channel_.Unary(kExportPath, *request, timeout,
                   [request, done = std::move(done)](net::GrpcChannel::Reply reply) {
                     done(OutcomeOf(std::move(reply.status), reply.message));
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

base::Status StatusOf(const net::Response& response) {
  if (response.status >= 200 && response.status < 300) return {};
  std::string message = "HTTP status " + std::to_string(response.status);
  const bool again = response.status == 429 || (response.status >= 502 && response.status <= 504);
  if (!again) return {base::StatusCode::kFailedPrecondition, std::move(message)};
  int seconds = 0;
  const std::string_view after = net::FindHeader(response.headers, "retry-after");
  std::from_chars(after.data(), after.data() + after.size(), seconds);
  return base::Status::Unavailable(std::move(message), std::chrono::seconds(std::max(0, seconds)));
}

class HttpTransport final : public Transport {
 public:
  HttpTransport(const ExportOptions& options, EndpointUrl url)
      : runtime_(Runtime().Get()),
        client_(*runtime_, {url.endpoint, TlsOf(options, url)}),
        url_(std::move(url)),
        headers_(options.headers),
        compression_(options.compression) {}

  void Send(std::shared_ptr<const std::string> body, std::chrono::milliseconds timeout,
            std::function<void(Outcome)> done) override {
    client_.Send(MakeRequest(*body), timeout,
                 [done = std::move(done)](base::Result<net::Response> response) {
                   if (!response.ok()) return done({response.status(), 0, {}});
                   done(OutcomeOf(StatusOf(*response), response->body));
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

void ForgetSharedRuntime() {
  Runtime().ForgetInChild();
}

}  // namespace spandrel::sdk
