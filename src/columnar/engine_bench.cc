// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <cstdlib>
#include <future>
#include <random>
#include <vector>

#include "columnar/engine.h"
#include "columnar/testing/spans.h"
#include "disk/testing/directory.h"
#include "proto/writer.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

namespace spandrel::columnar {
namespace {

constexpr uint64_t kStart = 1'700'000'000'000'000'000;
constexpr size_t kSpansPerRequest = 1000;
constexpr size_t kSpansPerTrace = 10;

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Requests of one service each, with spans of about 500 bytes as instrumented HTTP services send
// them: random ids, few names and routes, some attributes that differ in every span.
class RequestMaker {
 public:
  std::string Make() {
    std::string bytes;
    proto::Writer writer(&bytes);
    const size_t resource_spans = writer.Open(span::otlp::kRequestResourceSpans);
    const size_t resource = writer.Open(span::otlp::kResourceSpansResource);
    Attribute(&writer, span::otlp::kResourceAttributes, "service.name",
              "service-" + std::to_string(Below(8)));
    Attribute(&writer, span::otlp::kResourceAttributes, "host.name", "node-1.example.com");
    writer.Close(resource);
    const size_t scope_spans = writer.Open(span::otlp::kResourceSpansScopeSpans);
    for (size_t i = 0; i < kSpansPerRequest; ++i) Span(&writer, i);
    writer.Close(scope_spans);
    writer.Close(resource_spans);
    return bytes;
  }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }
  std::string Id(size_t size) {
    std::string id;
    while (id.size() < size) id.push_back(static_cast<char>(1 + Below(255)));
    return id;
  }
  static void Attribute(proto::Writer* writer, uint32_t field, std::string_view key,
                        std::string_view value) {
    const size_t attribute = writer->Open(field);
    writer->Bytes(span::otlp::kKeyValueKey, key);
    const size_t any = writer->Open(span::otlp::kKeyValueValue);
    writer->Bytes(span::otlp::kAnyValueString, value);
    writer->Close(any);
    writer->Close(attribute);
  }

  void Span(proto::Writer* writer, size_t index) {
    if (index % kSpansPerTrace == 0) {
      trace_id_ = Id(16);
      now_ += 1'000'000;
    }
    const size_t span = writer->Open(span::otlp::kScopeSpansSpans);
    const std::string route = "/api/v1/route-" + std::to_string(Below(50));
    writer->Bytes(span::otlp::kSpanTraceId, trace_id_);
    writer->Bytes(span::otlp::kSpanSpanId, Id(8));
    if (index % kSpansPerTrace != 0)
      writer->Bytes(span::otlp::kSpanParentSpanId, parent_);
    else
      parent_ = Id(8);
    writer->Bytes(span::otlp::kSpanName, "GET " + route);
    writer->Varint(span::otlp::kSpanKind, 2 + Below(2));
    writer->Fixed64(span::otlp::kSpanStartTime, now_ + Below(1'000'000));
    writer->Fixed64(span::otlp::kSpanEndTime, now_ + 2'000'000 + Below(1'000'000'000));
    constexpr uint32_t kAttribute = span::otlp::kSpanAttributes;
    Attribute(writer, kAttribute, "http.request.method", "GET");
    Attribute(writer, kAttribute, "http.route", route);
    Attribute(writer, kAttribute, "http.response.status_code", std::to_string(200 + Below(4)));
    Attribute(writer, kAttribute, "server.address", "host-" + std::to_string(Below(100)));
    Attribute(writer, kAttribute, "network.peer.address", "10.0.0." + std::to_string(Below(250)));
    Attribute(writer, kAttribute, "user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)");
    Attribute(writer, kAttribute, "session.id", std::to_string(random_()));
    Attribute(writer, kAttribute, "thread.id", std::to_string(Below(64)));
    Attribute(writer, kAttribute, "db.statement",
              "SELECT id, name, price FROM items WHERE id = " + std::to_string(Below(10'000)));
    Attribute(writer, kAttribute, "http.request.header.accept", "application/json");
    Attribute(writer, kAttribute, "url.query", "id=" + std::to_string(Below(1'000'000)));
    writer->Close(span);
  }

  std::mt19937_64 random_{20261122};
  std::string trace_id_;
  std::string parent_ = Id(8);
  uint64_t now_ = kStart;
};

// Spans stored, sealed and merged for each second of this process's CPU time, background threads
// included; four requests in flight. Arguments: requests, durability. Decoding is not counted.
void BM_AppendAndSeal(benchmark::State& state) {
  RequestMaker maker;
  std::vector<span::SpanBatch> batches;
  size_t bytes = 0;
  for (int64_t i = 0; i < state.range(0); ++i) {
    auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(maker.Make()));
    if (!decoded.ok()) return state.SkipWithError(decoded.status().ToString().c_str());
    bytes += decoded->chunk->bytes().size();
    batches.emplace_back(std::move(decoded->chunk));
  }
  const auto spans = batches.size() * kSpansPerRequest;
  for (auto _ : state) {
    const disk::TestDirectory directory;
    base::MetricRegistry metrics;
    EngineOptions options;
    options.directory = directory.path();
    options.durability = static_cast<Durability>(state.range(1));
    auto engine = Engine::Open(options, metrics);
    if (!engine.ok()) return state.SkipWithError(engine.status().ToString().c_str());
    const double before = CpuSeconds();
    std::vector<std::future<base::Status>> in_flight;
    for (size_t i = 0; i < batches.size(); ++i) {
      auto done = std::make_shared<std::promise<base::Status>>();
      in_flight.push_back(done->get_future());
      (*engine)->Append(span::SpanBatch(batches[i]),
                        [done](base::Status status) { done->set_value(std::move(status)); });
      if (i < 4) continue;
      const base::Status status = in_flight[i - 4].get();
      if (!status.ok()) return state.SkipWithError(status.ToString().c_str());
    }
    (*engine)->Close();
    const double cpu = CpuSeconds() - before;
    state.SetIterationTime(cpu);
    state.counters["spans_per_cpu_second"] = double(spans) / cpu;
    state.counters["bytes_per_span"] = double(bytes) / double(spans);
    state.counters["disk_bytes_per_span"] = double((*engine)->Stats().disk_bytes) / double(spans);
  }
}
BENCHMARK(BM_AppendAndSeal)
    ->Args({300, static_cast<int>(Durability::kFsync)})
    ->Args({300, static_cast<int>(Durability::kMemory)})
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// A store of 300,000 sealed spans, made once.
Engine& SealedStore(std::vector<span::TraceId>* traces) {
  static const disk::TestDirectory directory;
  static base::MetricRegistry metrics;
  static std::vector<span::TraceId> ids;
  static const std::unique_ptr<Engine> engine = [] {
    EngineOptions options;
    options.directory = directory.path();
    auto opened = Engine::Open(options, metrics);
    if (!opened.ok()) std::abort();
    RequestMaker maker;
    for (int i = 0; i < 300; ++i) {
      auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(maker.Make()));
      ids.push_back(decoded->chunk->spans[0].trace_id);
      while (!AppendAndWait(**opened, span::SpanBatch(decoded->chunk)).ok()) (*opened)->Settle();
    }
    (*opened)->Settle();
    return std::move(*opened);
  }();
  *traces = ids;
  return *engine;
}

void BM_GetTrace(benchmark::State& state) {
  std::vector<span::TraceId> ids;
  Engine& engine = SealedStore(&ids);
  size_t next = 0;
  for (auto _ : state) {
    span::TraceId id = ids[next++ % ids.size()];
    if (state.range(0) == 0) id.bytes[0] ^= 0xff;
    benchmark::DoNotOptimize(engine.GetTrace({}, id));
  }
}
BENCHMARK(BM_GetTrace)->ArgName("present")->Arg(1)->Arg(0)->Unit(benchmark::kMicrosecond);

void RunSearch(benchmark::State& state, const storage::Predicate& where) {
  std::vector<span::TraceId> ids;
  Engine& engine = SealedStore(&ids);
  for (auto _ : state) {
    const auto found = engine.Search({}, {.where = where, .limit = 20});
    if (!found.ok()) return state.SkipWithError("search failed");
    state.counters["traces"] = double(found->traces.size());
    state.counters["scanned_spans"] = double(found->scanned_spans);
  }
}

void BM_NewestOfService(benchmark::State& state) {
  RunSearch(state,
            storage::Predicate::Compare(storage::Intrinsic::kServiceName,
                                        storage::CompareOp::kEqual, std::string("service-3")));
}
BENCHMARK(BM_NewestOfService)->Unit(benchmark::kMillisecond);

void BM_NewestWithRareAttribute(benchmark::State& state) {
  const storage::AttributeField field{storage::AttributeScope::kSpan, "url.query"};
  RunSearch(state, storage::Predicate::Compare(field, storage::CompareOp::kEqual,
                                               std::string("id=424242")));
}
BENCHMARK(BM_NewestWithRareAttribute)->Unit(benchmark::kMillisecond);

void BM_AggregateAll(benchmark::State& state) {
  std::vector<span::TraceId> ids;
  Engine& engine = SealedStore(&ids);
  for (auto _ : state) benchmark::DoNotOptimize(engine.Aggregate({}, {}));
}
BENCHMARK(BM_AggregateAll)->Unit(benchmark::kMillisecond);

void BM_Dependencies(benchmark::State& state) {
  std::vector<span::TraceId> ids;
  Engine& engine = SealedStore(&ids);
  for (auto _ : state) benchmark::DoNotOptimize(engine.Dependencies({}, {}));
}
BENCHMARK(BM_Dependencies)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace spandrel::columnar
