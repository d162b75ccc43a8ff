// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>

#include "net/exchange/server_call.h"
#include "net/exchange/server_limits.h"
#include "net/grpc/grpc_server.h"
#include "net/peer/server_front.h"

namespace spandrel::net {
namespace {

// What a client may send to a server, without sockets: the first byte says in which pieces the rest
// comes. Handlers drop their calls, or answer in gRPC.
void FeedServer(std::string_view input, size_t piece) {
  static base::MetricRegistry metrics;
  static const RefusalCounters refusals(metrics, "fuzz");
  base::ByteBudget memory(1 << 20);
  GrpcRouter router(memory, 64 << 10);
  ServerLimits limits;
  limits.max_body_bytes = 256 << 10;
  const auto core = std::make_shared<ServerCore>(
      ServerCore{limits, refusals, memory,
                 [&router](std::shared_ptr<ServerCall> call) { router(std::move(call)); }});
  ServerFront front(core, {}, "fuzz");
  SPANDREL_CHECK(front.OnConnected("").ok());
  std::string output;
  while (!input.empty() && !front.Done() && front.WantsRead()) {
    front.OnBytes(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
    front.Produce(256 << 10, &output);
    front.Deadline();
  }
  front.OnDeadline(SteadyClock::now() + std::chrono::hours(1));
  front.Produce(256 << 10, &output);
  front.OnEof();
  front.OnClosed({});
}

}  // namespace
}  // namespace spandrel::net

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  spandrel::net::FeedServer(input, size_t{data[0]} + 1);
  return 0;
}
