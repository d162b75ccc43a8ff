// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <string>

#include "api/ui/trace_columns.h"
#include "wire/testing/request.h"

namespace spandrel::api {
namespace {

// From stored spans to the bytes that the page reads.
void BM_TraceColumns(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  const span::SpanBatch trace = wire::MakeTestBatch("shop", 1, count, 300);
  for (auto _ : state) {
    std::string file;
    const base::Status status = WriteTraceColumns(span::TraceId(), query::LayOutTrace(trace),
                                                  [&file](std::string_view bytes) {
                                                    file += bytes;
                                                    return base::Status();
                                                  });
    benchmark::DoNotOptimize(status.ok());
    benchmark::DoNotOptimize(file.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * count));
}
BENCHMARK(BM_TraceColumns)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace spandrel::api
