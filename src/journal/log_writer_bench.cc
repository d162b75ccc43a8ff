// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

#include "disk/testing/directory.h"
#include "journal/log_writer.h"
#include "journal/testing/records.h"

namespace spandrel::journal {
namespace {

using Clock = std::chrono::steady_clock;

double Quantile(std::vector<double>& values, double q) {
  const auto at = values.begin() + static_cast<ptrdiff_t>(q * double(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// One append of a body of that size, synced and acknowledged, by one sender. `reuse`: done files
// are released at once, so that the next file is a spare; otherwise each is a new one.
void BM_LogAppend(benchmark::State& state) {
  const disk::TestDirectory directory;
  LogOptions options;
  options.paths = {directory.path(), directory.path()};
  CountedLog counted;
  auto writer = LogWriter::Open(options, {}, counted.counters(), nullptr);
  if (!writer.ok()) return state.SkipWithError(writer.status().ToString().c_str());
  uint64_t sequence = 0;
  const auto append = [&](const std::string& body) {
    const bool ok = AppendAndWait(**writer, body).ok();
    ++sequence;
    if (state.range(1) != 0) (*writer)->Release(sequence);
    return ok;
  };
  // Until spares are in use.
  const std::string large(1 << 20, 'n');
  for (int mebibytes = 0; mebibytes < 150; ++mebibytes) {
    if (!append(large)) return state.SkipWithError("append failed");
  }
  const std::string body(static_cast<size_t>(state.range(0)), 'n');
  std::vector<double> times;
  for (auto _ : state) {
    const auto begin = Clock::now();
    if (!append(body)) return state.SkipWithError("append failed");
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  state.counters["p50_us"] = Quantile(times, 0.5);
  state.counters["p99_us"] = Quantile(times, 0.99);
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_LogAppend)
    ->ArgNames({"bytes", "reuse"})
    ->ArgsProduct({{4096, 1 << 20}, {0, 1}})
    ->Iterations(1500)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace spandrel::journal
