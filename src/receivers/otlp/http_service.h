// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "endpoints/listener.h"
#include "net/exchange/server_call.h"
#include "receivers/otlp/ingest.h"
#include "receivers/otlp/tenant_step.h"

namespace spandrel::receivers {

// OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp): POST of a protobuf or JSON
// request to the path of its signal, while a pipeline takes the signal. Immutable; any thread.
class HttpService {
 public:
  struct Route {
    std::string path;  // "/v1/traces"
    std::shared_ptr<const Ingest> ingest;
  };

  HttpService(std::vector<Route> routes, TenantStep tenants, base::ByteBudget& memory,
              const endpoints::HttpServerConfig& config, std::vector<std::string> codings)
      : routes_(std::move(routes)),
        tenants_(std::move(tenants)),
        memory_(memory),
        config_(config),
        codings_(std::move(codings)) {}

  // Answers `call`, perhaps after it returns. `service` lives until then.
  static void Handle(std::shared_ptr<const HttpService> service,
                     std::shared_ptr<net::ServerCall> call);

 private:
  enum class Encoding : uint8_t { kProtobuf, kJson };

  // By the content type; nothing for a type that is not OTLP's.
  static std::optional<Encoding> EncodingOf(const net::Request& request);
  // The signal's that a pipeline takes; null for a path that is nothing here.
  const Ingest* FindIngest(std::string_view path) const;
  // The answer to what is not an export request; nothing when it may be one.
  std::optional<net::Response> RefuseByHeaders(const net::Request& request, const Ingest* ingest,
                                               std::optional<Encoding> encoding) const;
  net::Response NothingHere() const;
  // Whether bodies may come so; "" is uncompressed.
  bool Takes(std::string_view coding) const;
  // The body without its compression.
  base::Result<std::string> ReadBody(net::ServerCall& call,
                                     base::ByteBudget::Reservation* reservation) const;
  static net::Response AnswerBadBody(const Ingest& ingest, Encoding encoding, base::Status status);
  static net::Response Answer(const Ingest& ingest, Encoding encoding,
                              const IngestOutcome& outcome);
  void Respond(net::ServerCall& call, net::Response response) const;

  const std::vector<Route> routes_;
  const TenantStep tenants_;
  base::ByteBudget& memory_;
  const endpoints::HttpServerConfig config_;
  const std::vector<std::string> codings_;  // OtlpReceiverConfig::codings
};

}  // namespace spandrel::receivers
