// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>

#include "columnar/part/write/seal.h"
#include "columnar/read/count/aggregate.h"
#include "columnar/read/count/dependencies.h"
#include "columnar/read/count/measure.h"
#include "columnar/read/count/value_counts.h"
#include "columnar/read/list/catalog.h"
#include "columnar/read/list/lists.h"
#include "columnar/read/traces/fetch.h"
#include "columnar/read/traces/search.h"
#include "columnar/read/traces/trace_scan.h"
#include "disk/testing/directory.h"
#include "proto/writer.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

// Questions about all spans of sealed parts: milliseconds a question and rows a second. The number
// of spans is 1,000,000 or what SPANDREL_BENCH_SPANS says.
namespace spandrel::columnar {
namespace {

using storage::Field;
using storage::Intrinsic;

constexpr uint64_t kMinute = 60'000'000'000;
constexpr uint64_t kStart = 28'333'333 * kMinute;
constexpr uint64_t kTraceEvery = 3'600'000;  // ten million spans in an hour
constexpr size_t kServices = 10;
constexpr size_t kTracesPerRequest = 100;
constexpr size_t kSpansPerPart = size_t{1} << 20;

// Requests of traces that call each service once, one after the other.
class RequestMaker {
 public:
  std::string Make() {
    std::string ids;
    while (ids.size() < kTracesPerRequest * 16) ids.push_back(static_cast<char>(random_() | 1));
    std::string bytes;
    proto::Writer writer(&bytes);
    for (size_t service = 0; service < kServices; ++service) {
      const size_t resource_spans = writer.Open(span::otlp::kRequestResourceSpans);
      const size_t resource = writer.Open(span::otlp::kResourceSpansResource);
      Attribute(&writer, span::otlp::kResourceAttributes, "service.name",
                "service-" + std::to_string(service));
      Attribute(&writer, span::otlp::kResourceAttributes, "host.name",
                "node-" + std::to_string(random_() % 8));
      writer.Close(resource);
      const size_t scope_spans = writer.Open(span::otlp::kResourceSpansScopeSpans);
      for (size_t i = 0; i < kTracesPerRequest; ++i) {
        Span(&writer, std::string_view(ids).substr(i * 16, 16), service,
             now_ + i * kTraceEvery + service * 1000);
      }
      writer.Close(scope_spans);
      writer.Close(resource_spans);
    }
    now_ += kTracesPerRequest * kTraceEvery;
    return bytes;
  }

 private:
  static void Attribute(proto::Writer* writer, uint32_t field, std::string_view key,
                        std::string_view value) {
    const size_t attribute = writer->Open(field);
    writer->Bytes(span::otlp::kKeyValueKey, key);
    const size_t any = writer->Open(span::otlp::kKeyValueValue);
    writer->Bytes(span::otlp::kAnyValueString, value);
    writer->Close(any);
    writer->Close(attribute);
  }

  static std::string SpanIdOf(std::string_view trace_id, size_t service) {
    std::string id(trace_id.substr(0, 8));
    id[0] = static_cast<char>(service + 1);
    return id;
  }

  void Span(proto::Writer* writer, std::string_view trace_id, size_t service, uint64_t start) {
    constexpr uint32_t kAttribute = span::otlp::kSpanAttributes;
    const size_t span = writer->Open(span::otlp::kScopeSpansSpans);
    const std::string route = "/api/v1/route-" + std::to_string(random_() % 20);
    writer->Bytes(span::otlp::kSpanTraceId, trace_id);
    writer->Bytes(span::otlp::kSpanSpanId, SpanIdOf(trace_id, service));
    if (service > 0) {
      writer->Bytes(span::otlp::kSpanParentSpanId, SpanIdOf(trace_id, service - 1));
    }
    writer->Bytes(span::otlp::kSpanName, "GET " + route);
    writer->Varint(span::otlp::kSpanKind, 2);
    writer->Fixed64(span::otlp::kSpanStartTime, start);
    writer->Fixed64(span::otlp::kSpanEndTime,
                    start + static_cast<uint64_t>(durations_(random_)) + 1);
    Attribute(writer, kAttribute, "http.request.method", "GET");
    Attribute(writer, kAttribute, "http.route", route);
    Attribute(writer, kAttribute, "url.query", "id=" + std::to_string(random_() % 1'000'000));
    if (random_() % 25 == 0) {
      const size_t status = writer->Open(span::otlp::kSpanStatus);
      writer->Varint(span::otlp::kStatusCode, 2);
      writer->Close(status);
    }
    writer->Close(span);
  }

  std::mt19937_64 random_{20261122};
  std::lognormal_distribution<double> durations_{15, 1.5};
  uint64_t now_ = kStart;
};

class NothingKnown final : public Head::Known {
 public:
  void Prefetch(uint64_t /*hash*/) const override {}
  bool Contains(const span::SpanEntry& /*entry*/, uint64_t /*hash*/) const override {
    return false;
  }
};

size_t SpanCount() {
  const char* const text = std::getenv("SPANDREL_BENCH_SPANS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1'000'000;
}

const Snapshot& SealedParts() {
  static const disk::TestDirectory directory;
  static const Snapshot snapshot = [] {
    Snapshot made;
    RequestMaker maker;
    for (size_t left = SpanCount(); left > 0;) {
      Head head;
      while (left > 0 && head.row_count() < kSpansPerPart) {
        const auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(maker.Make()));
        if (!decoded.ok()) std::abort();
        head.Add(decoded->chunk, NothingKnown());
        left -= std::min(left, decoded->chunk->spans.size());
      }
      const std::string path = directory.path() + "/" + std::to_string(made.parts.size());
      if (!SealHead(head, path).ok()) std::abort();
      made.parts.push_back(Part::Open(path, made.parts.size()).value());
    }
    return made;
  }();
  return snapshot;
}

template <typename Ask>
void Run(benchmark::State& state, Ask&& ask) {
  const Snapshot& snapshot = SealedParts();
  uint64_t rows = 0;
  for (const PartPtr& part : snapshot.parts) rows += part->footer().row_count;
  for (auto _ : state) {
    if (!ask(snapshot).ok()) return state.SkipWithError("question failed");
  }
  state.counters["rows_per_second"] =
      benchmark::Counter(static_cast<double>(rows), benchmark::Counter::kIsIterationInvariantRate);
}

void RunAggregate(benchmark::State& state, const storage::AggregateRequest& request) {
  Run(state, [&](const Snapshot& snapshot) { return AggregateSpans({}, snapshot, request); });
}

storage::AggregateRequest EveryMinute(std::vector<Field> group_by) {
  storage::AggregateRequest request;
  request.start_time = {kStart, UINT64_MAX};
  request.step_nano = kMinute;
  request.group_by = std::move(group_by);
  return request;
}

void BM_LatencyByServiceAndMinute(benchmark::State& state) {
  RunAggregate(state, EveryMinute({Intrinsic::kServiceName}));
}

void BM_LatencyByServiceOffTheMinute(benchmark::State& state) {
  auto request = EveryMinute({Intrinsic::kServiceName});
  request.start_time.min_unix_nano += kMinute / 3;
  RunAggregate(state, request);
}

void BM_LatencyByServiceAndName(benchmark::State& state) {
  RunAggregate(state, EveryMinute({Intrinsic::kServiceName, Intrinsic::kName}));
}

void BM_CountByRoute(benchmark::State& state) {
  RunAggregate(
      state, EveryMinute({storage::AttributeField{storage::AttributeScope::kSpan, "http.route"}}));
}

void BM_CountTraces(benchmark::State& state) {
  auto request = EveryMinute({});
  request.unit = storage::CountUnit::kTraces;
  RunAggregate(state, request);
}

void BM_SlowestTraces(benchmark::State& state) {
  storage::SearchRequest request;
  request.order = storage::Order::kSlowest;
  Run(state, [&](const Snapshot& snapshot) { return SearchTraces({}, snapshot, request); });
}

void BM_SlowestTracesOfService(benchmark::State& state) {
  storage::SearchRequest request;
  request.order = storage::Order::kSlowest;
  request.where = storage::Predicate::Compare(Intrinsic::kServiceName, storage::CompareOp::kEqual,
                                              std::string("service-3"));
  Run(state, [&](const Snapshot& snapshot) { return SearchTraces({}, snapshot, request); });
}

void BM_DependenciesOfAll(benchmark::State& state) {
  Run(state, [](const Snapshot& snapshot) { return FindDependencies({}, snapshot, {}); });
}

void BM_TagNames(benchmark::State& state) {
  Run(state, [](const Snapshot& snapshot) {
    return ListTagNames({}, snapshot, storage::Predicate::All(), {}, 1000);
  });
}

void BM_TagValues(benchmark::State& state) {
  const storage::AttributeField field{storage::AttributeScope::kSpan, "http.route"};
  Run(state, [&](const Snapshot& snapshot) {
    return ListTagValues({}, snapshot, field, storage::Predicate::All(), {}, 1000);
  });
}

const storage::AttributeField kRoute{storage::AttributeScope::kSpan, "http.route"};

// What all reads below would cost if they put every message together.
void BM_WholeSpans(benchmark::State& state) {
  const Matcher all = Matcher::Make(storage::Predicate::All(), {}).value();
  Run(state, [&](const Snapshot& snapshot) -> base::Result<uint64_t> {
    const storage::QueryContext context;
    uint64_t spans = 0;
    Scan scan(context, snapshot);
    SPANDREL_RETURN_IF_ERROR(scan.VisitAll(all, Content::kFull, [&](const span::SpanRef&) {
      ++spans;
      return base::Status();
    }));
    return spans;
  });
}

void RunMeasure(benchmark::State& state, std::vector<storage::FieldRef> group_by) {
  storage::MeasureRequest request;
  request.start_time = {kStart, UINT64_MAX};
  request.step_nano = kMinute;
  request.group_by = std::move(group_by);
  request.measures = {{storage::MeasureKind::kHistogram, Intrinsic::kDuration}};
  Run(state, [&](const Snapshot& snapshot) { return MeasureSpans({}, snapshot, request); });
}

void BM_MeasureByServiceAndMinute(benchmark::State& state) {
  RunMeasure(state, {Intrinsic::kServiceName});
}

void BM_MeasureByRoute(benchmark::State& state) {
  RunMeasure(state, {kRoute});
}

void BM_ValueCountsOfErrors(benchmark::State& state) {
  storage::ValueCountsRequest request;
  request.a = storage::Predicate::Compare(Intrinsic::kStatus, storage::CompareOp::kEqual,
                                          std::string("error"));
  request.b = storage::Expression::Not(request.a);
  Run(state, [&](const Snapshot& snapshot) { return CountValues({}, snapshot, request); });
}

void BM_Names(benchmark::State& state) {
  Run(state, [](const Snapshot& snapshot) { return ListNames({}, snapshot, {}); });
}

void BM_Values(benchmark::State& state) {
  Run(state, [](const Snapshot& snapshot) { return ListValues({}, snapshot, {.field = kRoute}); });
}

class TracesSeen final : public storage::TraceSink {
 public:
  bool OnTrace(storage::TraceSlice&& /*slice*/) override {
    ++traces;
    return true;
  }
  uint64_t traces = 0;
};

void RunTraceScan(benchmark::State& state, const storage::TraceScanRequest& request) {
  Run(state, [&](const Snapshot& snapshot) {
    const storage::QueryContext context;
    TracesSeen sink;
    auto scanner = TraceScanner::Make(context, request, sink);
    return scanner.ok() ? scanner->Send(snapshot) : scanner.status();
  });
}

void BM_TraceScan(benchmark::State& state) {
  RunTraceScan(state, {.fields = {Intrinsic::kServiceName}, .whole_traces = true});
}

void BM_TraceScanNewest(benchmark::State& state) {
  RunTraceScan(state, {.fields = {kRoute},
                       .whole_traces = true,
                       .order = storage::ScanOrder::kNewest,
                       .limit = 20});
}

class SpansSeen final : public storage::SpansSink {
 public:
  bool OnSpans(const span::TraceId& /*id*/, span::SpanBatch&& batch) override {
    spans += batch.span_count();
    return true;
  }
  uint64_t spans = 0;
};

void BM_GetTraces(benchmark::State& state) {
  const auto found = SearchTraces({}, SealedParts(), {.limit = 100});
  std::vector<storage::WantedTrace> wanted;
  for (const auto& trace : found.value().traces) wanted.push_back({trace.trace_id, {}});
  Run(state, [&](const Snapshot& snapshot) {
    const storage::QueryContext context;
    SpansSeen sink;
    return TracesReader(context, wanted, sink).Send(snapshot);
  });
}

// What a question costs on all threads, and how long it takes.
void Measure(benchmark::internal::Benchmark* question) {
  question->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);
}
BENCHMARK(BM_LatencyByServiceAndMinute)->Apply(Measure);
BENCHMARK(BM_LatencyByServiceOffTheMinute)->Apply(Measure);
BENCHMARK(BM_LatencyByServiceAndName)->Apply(Measure);
BENCHMARK(BM_CountByRoute)->Apply(Measure);
BENCHMARK(BM_CountTraces)->Apply(Measure);
BENCHMARK(BM_SlowestTraces)->Apply(Measure);
BENCHMARK(BM_SlowestTracesOfService)->Apply(Measure);
BENCHMARK(BM_DependenciesOfAll)->Apply(Measure);
BENCHMARK(BM_TagNames)->Apply(Measure);
BENCHMARK(BM_TagValues)->Apply(Measure);
BENCHMARK(BM_WholeSpans)->Apply(Measure);
BENCHMARK(BM_MeasureByServiceAndMinute)->Apply(Measure);
BENCHMARK(BM_MeasureByRoute)->Apply(Measure);
BENCHMARK(BM_ValueCountsOfErrors)->Apply(Measure);
BENCHMARK(BM_Names)->Apply(Measure);
BENCHMARK(BM_Values)->Apply(Measure);
BENCHMARK(BM_TraceScan)->Apply(Measure);
BENCHMARK(BM_TraceScanNewest)->Apply(Measure);
BENCHMARK(BM_GetTraces)->Apply(Measure);

}  // namespace
}  // namespace spandrel::columnar
