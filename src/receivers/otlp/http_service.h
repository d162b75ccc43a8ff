// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/byte_budget.h"
#include "endpoints/listener.h"
#include "net/exchange/server_call.h"
#include "receivers/otlp/trace_ingest.h"

namespace spandrel::receivers {

// OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp): POST of a protobuf or JSON
// request to one path. Immutable; any thread.
class HttpTraceService {
 public:
  HttpTraceService(TraceIngest ingest, base::ByteBudget& memory, std::string path,
                   size_t max_body_bytes, endpoints::CorsConfig cors)
      : ingest_(std::move(ingest)),
        memory_(memory),
        path_(std::move(path)),
        max_body_bytes_(max_body_bytes),
        cors_(std::move(cors)) {}

  // Answers `call`, perhaps after it returns. `service` lives until then.
  static void Handle(std::shared_ptr<const HttpTraceService> service,
                     std::shared_ptr<net::ServerCall> call);

 private:
  enum class Encoding : uint8_t { kProtobuf, kJson };

  // By the content type; nothing for a type that is not OTLP's.
  static std::optional<Encoding> EncodingOf(const net::Request& request);
  // The answer to what is not an export request; nothing when it may be one.
  std::optional<net::Response> RefuseByHeaders(const net::Request& request,
                                               std::optional<Encoding> encoding) const;
  // The body without its compression.
  base::Result<std::string> ReadBody(net::ServerCall& call,
                                     base::ByteBudget::Reservation* reservation) const;
  net::Response AnswerBadBody(Encoding encoding, base::Status status) const;
  net::Response Answer(Encoding encoding, const IngestOutcome& outcome) const;
  void Respond(net::ServerCall& call, net::Response response) const;

  const TraceIngest ingest_;
  base::ByteBudget& memory_;
  const std::string path_;
  const size_t max_body_bytes_;
  const endpoints::CorsConfig cors_;
};

}  // namespace spandrel::receivers
