// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

// Carries encoded ExportTraceServiceRequests to a collector. Thread-safe.
class Transport {
 public:
  struct Outcome {
    base::Status status;
    uint64_t rejected_spans = 0;  // of an accepted request: partial success
    std::string message;          // what the collector said about them
  };

  // Calls under way are answered CANCELLED.
  virtual ~Transport() = default;
  // Never blocks; calls back exactly once, from any thread. `request` stays as it is until then.
  virtual void Send(std::shared_ptr<const std::string> request, std::chrono::milliseconds timeout,
                    std::function<void(Outcome)> done) = 0;
};

using TransportFactory = std::function<std::unique_ptr<Transport>(const ExportOptions&)>;

// OTLP/gRPC or OTLP/HTTP as the options say. With an endpoint that cannot be read it answers every
// request FAILED_PRECONDITION.
std::unique_ptr<Transport> MakeOtlpTransport(const ExportOptions& options);

}  // namespace spandrel::sdk
