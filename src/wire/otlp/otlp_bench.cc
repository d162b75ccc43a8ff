// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "span/value.h"
#include "wire/jaeger/jaeger.h"
#include "wire/jaeger/jaeger_json.h"
#include "wire/otlp/otlp.h"

// One request of 512 spans of about 500 bytes each: eight attributes, one event now and then, as a
// service behind the semantic conventions sends them. `items_per_second` is spans.
namespace spandrel::wire {
namespace {

using Request = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

constexpr int kSpans = 512;

template <typename Message>
void AddText(Message* message, const std::string& key, const std::string& value) {
  auto* attribute = message->add_attributes();
  attribute->set_key(key);
  attribute->mutable_value()->set_string_value(value);
}

template <typename Message>
void AddInt(Message* message, const std::string& key, int64_t value) {
  auto* attribute = message->add_attributes();
  attribute->set_key(key);
  attribute->mutable_value()->set_int_value(value);
}

std::string MakeRequest() {
  Request request;
  auto* resource_spans = request.add_resource_spans();
  AddText(resource_spans->mutable_resource(), "service.name", "checkout");
  AddText(resource_spans->mutable_resource(), "host.name", "node-17");
  auto* scope_spans = resource_spans->add_scope_spans();
  scope_spans->mutable_scope()->set_name("http.server");
  for (int i = 0; i < kSpans; ++i) {
    auto* span = scope_spans->add_spans();
    span->set_trace_id("0123456789abcdef");
    span->set_span_id("span" + std::to_string(1000 + i));
    span->set_parent_span_id("parent00");
    span->set_name("GET /api/v1/products/{id}");
    span->set_kind(opentelemetry::proto::trace::v1::Span::SPAN_KIND_SERVER);
    span->set_start_time_unix_nano(1700000000000000000 + i);
    span->set_end_time_unix_nano(1700000000001000000 + i);
    AddText(span, "http.request.method", "GET");
    AddInt(span, "http.response.status_code", 200);
    AddText(span, "url.path", "/api/v1/products/" + std::to_string(i));
    AddText(span, "url.scheme", "https");
    AddText(span, "user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101");
    AddText(span, "server.address", "shop.example.org");
    AddInt(span, "server.port", 443);
    AddText(span, "network.protocol.version", "1.1");
    AddText(span, "client.address", "203.0.113.7");
    AddInt(span, "thread.id", 100 + i % 16);
    if (i % 8 == 0) span->add_events()->set_name("cache miss");
    span->mutable_status()->set_code(opentelemetry::proto::trace::v1::Status::STATUS_CODE_OK);
  }
  return request.SerializeAsString();
}

void Finish(benchmark::State& state, size_t bytes) {
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kSpans);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
  state.counters["bytes_a_span"] = static_cast<double>(bytes) / kSpans;
}

span::SpanBatch DecodedBatch() {
  return span::SpanBatch(DecodeOtlpProtobuf(base::MakeSharedBytes(MakeRequest()))->chunk);
}

void DecodeProtobuf(benchmark::State& state) {
  const auto request = base::MakeSharedBytes(MakeRequest());
  for (auto _ : state) benchmark::DoNotOptimize(DecodeOtlpProtobuf(request));
  Finish(state, request->size());
}
BENCHMARK(DecodeProtobuf);

// The peer: libprotobuf's generated classes.
void DecodeLibprotobuf(benchmark::State& state) {
  const std::string bytes = MakeRequest();
  for (auto _ : state) {
    Request request;
    benchmark::DoNotOptimize(request.ParseFromString(bytes));
  }
  Finish(state, bytes.size());
}
BENCHMARK(DecodeLibprotobuf);

void EncodeProtobufWhole(benchmark::State& state) {
  const auto batch = DecodedBatch();
  for (auto _ : state) benchmark::DoNotOptimize(EncodeOtlpProtobuf(batch));
  Finish(state, batch.byte_size());
}
BENCHMARK(EncodeProtobufWhole);

void EncodeProtobufPieces(benchmark::State& state) {
  const auto pieces = SplitBatch(DecodedBatch(), kSpans / 2, 0);
  for (auto _ : state) {
    for (const auto& piece : pieces) benchmark::DoNotOptimize(EncodeOtlpProtobuf(piece));
  }
  Finish(state, pieces[0].byte_size() * 2);
}
BENCHMARK(EncodeProtobufPieces);

void Split(benchmark::State& state) {
  const auto batch = DecodedBatch();
  for (auto _ : state) benchmark::DoNotOptimize(SplitBatch(span::SpanBatch(batch), 100, 0));
  Finish(state, batch.byte_size());
}
BENCHMARK(Split);

void DecodeJson(benchmark::State& state) {
  const std::string json = EncodeOtlpJson(DecodedBatch());
  for (auto _ : state) benchmark::DoNotOptimize(DecodeOtlpJson(json));
  Finish(state, json.size());
}
BENCHMARK(DecodeJson);

void EncodeJson(benchmark::State& state) {
  const auto batch = DecodedBatch();
  size_t size = 0;
  for (auto _ : state) size = EncodeOtlpJson(batch).size();
  Finish(state, size);
}
BENCHMARK(EncodeJson);

void EncodeJaegerJson(benchmark::State& state) {
  const auto batch = DecodedBatch();
  size_t size = 0;
  for (auto _ : state) {
    std::string json;
    AppendJaegerTraceJson(batch, &json);
    size = json.size();
  }
  Finish(state, size);
}
BENCHMARK(EncodeJaegerJson);

// One character after the other: what the writer of JSON is measured by.
void PlainJsonString(std::string_view text, std::string* json) {
  *json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') *json += '\\';
    *json += c;
  }
  *json += '"';
}

// Texts as attributes have them, `state.range(0)` characters each.
template <void (*Append)(std::string_view, std::string*)>
void WriteTexts(benchmark::State& state) {
  std::string text =
      "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/130.0 and so on, and on";
  text.resize(static_cast<size_t>(state.range(0)));
  std::string json;
  for (auto _ : state) {
    json.clear();
    for (int i = 0; i < kSpans; ++i) Append(text, &json);
  }
  Finish(state, json.size());
}
BENCHMARK(WriteTexts<PlainJsonString>)->Arg(8)->Arg(40)->Name("JsonStringPlain");
BENCHMARK(WriteTexts<span::AppendJsonString>)->Arg(8)->Arg(40)->Name("JsonString");

void EncodeJaeger(benchmark::State& state) {
  const auto batch = DecodedBatch();
  for (auto _ : state) benchmark::DoNotOptimize(EncodePostSpansRequests(batch));
  Finish(state, batch.byte_size());
}
BENCHMARK(EncodeJaeger);

}  // namespace
}  // namespace spandrel::wire
