// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "pipeline/component.h"
#include "pipeline/consumer.h"
#include "wire/otlp/otlp.h"

namespace spandrel::receivers {

// What became of an export request, for either transport to put into its own words. An UNAVAILABLE
// status always says when to come back.
struct IngestOutcome {
  base::Status status;
  wire::PartialSuccess partial;  // when OK: spans that nobody will ever take
};
using IngestCallback = std::function<void(IngestOutcome)>;

// The part of the OTLP receiver that knows no transport: decodes a request, hands its spans on and
// counts both. Stateless but for its counters; any thread.
class TraceIngest {
 public:
  // `transport` is the label of the counters: "grpc" or "http".
  TraceIngest(const pipeline::ComponentContext& context, std::string_view transport,
              std::shared_ptr<pipeline::Consumer> next);

  // Calls `done` exactly once, perhaps before they return, on any thread. A request that is not
  // well-formed is refused as a whole; spans with bad ids are left out and reported.
  void IngestProtobuf(std::string request, base::ByteBudget::Reservation reservation,
                      IngestCallback done) const;
  void IngestJson(std::string_view request, base::ByteBudget::Reservation reservation,
                  IngestCallback done) const;

  // Counts a request whose spans nobody saw, by the reason in `status`, and returns `status` as the
  // sender should see it.
  base::Status RefuseRequest(base::Status status) const;

 private:
  void Ingest(base::Result<wire::DecodedRequest> decoded, IngestCallback done) const;

  const std::shared_ptr<pipeline::Consumer> next_;
  base::Counter& accepted_spans_;
  base::Counter& refused_spans_;
  base::Counter& rejected_spans_;
  base::Counter& malformed_requests_;
  base::Counter& oversized_requests_;
  base::Counter& overload_requests_;
  base::Counter& unsupported_requests_;
};

}  // namespace spandrel::receivers
