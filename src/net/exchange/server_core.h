// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_budget.h"
#include "base/metrics.h"
#include "base/status.h"
#include "net/exchange/server_call.h"
#include "net/exchange/server_limits.h"
#include "net/http/http.h"
#include "net/socket/steady_time.h"

namespace spandrel::net {

// Why a request, or a connection, was refused. Each has a counter.
enum class Refusal : uint8_t {
  kBadRequest,
  kBodyTooLarge,
  kHeadersTooLarge,
  kNoMemory,
  kHeaderTimeout,
  kSlowBody,
  kSlowReader,
  kMisuse,
  kProtocolError,
  kTooManyConnections,
  kTooManyOfPeer,
  kIdlest,
  kTlsHandshake,
  kUnanswered,
  kOverload,
  kCount,
};

class RefusalCounters {
 public:
  RefusalCounters(base::MetricRegistry& metrics, const std::string& server);
  void Add(Refusal reason) const { counters_[static_cast<size_t>(reason)]->Add(); }
  // Requests whose peer has gone before they were answered.
  void AddAborted(size_t count = 1) const { aborted_.Add(count); }

 private:
  std::array<base::Counter*, static_cast<size_t>(Refusal::kCount)> counters_;
  base::Counter& aborted_;
};

// What all connections of one server share. Immutable once the server listens.
struct ServerCore {
  ServerLimits limits;
  RefusalCounters refusals;
  base::ByteBudget& memory;
  Handler handler;
  HeadCheck admit = {};
  StreamCheck streams = {};

  // Whether a request with that head is to be read.
  base::Status Admit(const Request& request) const {
    return admit ? admit(request) : base::Status();
  }
  // Whether it is handed over by its head.
  bool IsStreamed(const Request& request) const { return streams && streams(request); }
};

// The answer to a request that is refused before its handler sees it: in gRPC's own way when it is
// a gRPC request.
Response RefusalResponse(const Request& request, int http_status, const base::Status& status);
// kTooLarge and kNoMemory as a refusal.
struct BodyRefusal {
  Refusal reason;
  int http_status;
  base::Status status;
};
BodyRefusal RefuseBody(bool too_large, const ServerCore& core);

// When a body that began at `since` and has `received` bytes is too slow.
TimePoint BodyDeadline(const ServerLimits& limits, TimePoint since, size_t received);

// The scheme and authority of an absolute target removed, and path and query set.
void SplitTarget(Request* request);

}  // namespace spandrel::net
