// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

#include "columnar/options/store_layout.h"
#include "columnar/testing/spans.h"
#include "columnar/wal/log_writer.h"
#include "disk/directory.h"
#include "disk/testing/directory.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"
#include "wire/proto_writer.h"

namespace spandrel::columnar {
namespace {

using Clock = std::chrono::steady_clock;

double Quantile(std::vector<double>& values, double q) {
  const auto at = values.begin() + static_cast<ptrdiff_t>(q * double(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// A request of one span whose name has that many bytes.
span::SpanBatch BatchOf(size_t name_bytes) {
  std::string bytes;
  wire::ProtoWriter writer(&bytes);
  const size_t resource_spans = writer.Open(span::otlp::kRequestResourceSpans);
  const size_t scope_spans = writer.Open(span::otlp::kResourceSpansScopeSpans);
  const size_t span = writer.Open(span::otlp::kScopeSpansSpans);
  writer.Bytes(span::otlp::kSpanTraceId, "0123456789abcdef");
  writer.Bytes(span::otlp::kSpanSpanId, "01234567");
  writer.Bytes(span::otlp::kSpanName, std::string(name_bytes, 'n'));
  writer.Close(span);
  writer.Close(scope_spans);
  writer.Close(resource_spans);
  return span::SpanBatch(wire::DecodeOtlpProtobuf(base::MakeSharedBytes(std::move(bytes)))->chunk);
}

// One append of a body of that size, synced and acknowledged, by one sender. `reuse`: done files
// are released at once, so that the next file is a spare; otherwise each is a new one.
void BM_LogAppend(benchmark::State& state) {
  const disk::TestDirectory directory;
  const StoreLayout layout(directory.path());
  EngineOptions options;
  options.directory = directory.path();
  base::MetricRegistry metrics;
  uint64_t sequence = 0;
  auto writer =
      disk::MakeFolder(layout.LogFolder()).ok()
          ? LogWriter::Open(
                options, layout, {}, metrics,
                [&](std::vector<LogEntry>& group) { sequence = group.back().sequence; }, nullptr)
          : base::Status(base::StatusCode::kInternal, "no folder");
  if (!writer.ok()) return state.SkipWithError(writer.status().ToString().c_str());
  const span::SpanBatch batch = BatchOf(static_cast<size_t>(state.range(0)));
  const auto append = [&] {
    const bool ok = AppendAndWait(**writer, span::SpanBatch(batch)).ok();
    if (state.range(1) != 0) (*writer)->Release(sequence);
    return ok;
  };
  // Until spares are in use.
  const span::SpanBatch large = BatchOf(1 << 20);
  for (int mebibytes = 0; mebibytes < 150; ++mebibytes) {
    if (!AppendAndWait(**writer, span::SpanBatch(large)).ok()) return state.SkipWithError("failed");
    if (state.range(1) != 0) (*writer)->Release(sequence);
  }
  std::vector<double> times;
  for (auto _ : state) {
    const auto begin = Clock::now();
    if (!append()) return state.SkipWithError("append failed");
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
}  // namespace spandrel::columnar
