// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <time.h>

#include <condition_variable>
#include <mutex>

#include "net/grpc/grpc_server.h"
#include "net/testing/server.h"

namespace spandrel::net {
namespace {

using testing::kPatience;
using testing::PlainChannel;
using testing::TestServer;

double ProcessCpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Unary calls over loopback, `state.range(0)` bytes each, several at once; CPU of client and server
// together.
void BM_UnaryCalls(benchmark::State& state) {
  constexpr int kAtOnce = 4;
  base::ByteBudget memory(256 << 20);
  GrpcRouter router(memory);
  router.Handle("/bench/Take", [](std::shared_ptr<GrpcCall> call) {
    base::ByteBudget::Reservation reservation;
    benchmark::DoNotOptimize(call->TakeMessage(&reservation));
    call->Reply("");
  });
  TestServer server([&router](std::shared_ptr<ServerCall> call) { router(std::move(call)); });
  GrpcChannel channel(server.runtime, PlainChannel(server.endpoint()));
  const std::string message(static_cast<size_t>(state.range(0)), 'x');
  std::mutex mutex;
  std::condition_variable changed;
  int under_way = 0;
  int failed = 0;
  const double cpu_before = ProcessCpuSeconds();
  for (auto iteration : state) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return under_way < kAtOnce; });
    ++under_way;
    lock.unlock();
    channel.Unary("/bench/Take", message, kPatience, [&](const GrpcChannel::Reply& reply) {
      const std::lock_guard done_lock(mutex);
      if (!reply.status.ok()) ++failed;
      --under_way;
      changed.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return under_way == 0; });
  const double cpu = ProcessCpuSeconds() - cpu_before;
  if (failed > 0) state.SkipWithError("calls failed");
  state.SetBytesProcessed(state.iterations() * state.range(0));
  state.counters["cpu_us_per_call"] = cpu * 1e6 / static_cast<double>(state.iterations());
}
BENCHMARK(BM_UnaryCalls)->Arg(64)->Arg(64 << 10)->Arg(512 << 10)->Arg(1 << 20)->UseRealTime();

}  // namespace
}  // namespace spandrel::net
