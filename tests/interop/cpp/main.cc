// SPDX-License-Identifier: Apache-2.0
// Sends one trace with every kind of field through opentelemetry-cpp's SDK and one of its
// exporters, and prints what the store should hold of it (the form that ../verify.mjs reads).
//
//   interop_cpp_sender grpc|protobuf|json ENDPOINT
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "opentelemetry/exporters/memory/in_memory_span_data.h"
#include "opentelemetry/exporters/memory/in_memory_span_exporter.h"
#include "opentelemetry/exporters/otlp/otlp_grpc_exporter_factory.h"
#include "opentelemetry/exporters/otlp/otlp_grpc_exporter_options.h"
#include "opentelemetry/exporters/otlp/otlp_http_exporter_factory.h"
#include "opentelemetry/exporters/otlp/otlp_http_exporter_options.h"
#include "opentelemetry/sdk/resource/resource.h"
#include "opentelemetry/sdk/trace/simple_processor_factory.h"
#include "opentelemetry/sdk/trace/tracer_provider.h"
#include "opentelemetry/trace/scope.h"
#include "opentelemetry/trace/tracer.h"

namespace {

namespace api = opentelemetry::trace;
namespace memory = opentelemetry::exporter::memory;
namespace nostd = opentelemetry::nostd;
namespace otlp = opentelemetry::exporter::otlp;
namespace sdk = opentelemetry::sdk;
using std::chrono::nanoseconds;

using Attributes =
    std::vector<std::pair<nostd::string_view, opentelemetry::common::AttributeValue>>;

std::unique_ptr<sdk::trace::SpanExporter> MakeExporter(const std::string& transport,
                                                       const std::string& endpoint) {
  if (transport == "grpc") {
    otlp::OtlpGrpcExporterOptions options;
    options.endpoint = endpoint;
    options.use_ssl_credentials = false;
    return otlp::OtlpGrpcExporterFactory::Create(options);
  }
  otlp::OtlpHttpExporterOptions options;
  options.url = "http://" + endpoint + "/v1/traces";
  options.content_type = transport == "json" ? otlp::HttpRequestContentType::kJson
                                             : otlp::HttpRequestContentType::kBinary;
  return otlp::OtlpHttpExporterFactory::Create(options);
}

void MakeSpans(api::Tracer& tracer) {
  api::StartSpanOptions server;
  server.kind = api::SpanKind::kServer;
  server.start_system_time =
      opentelemetry::common::SystemTimestamp(nanoseconds(1'700'000'000'123'456'789));
  auto root = tracer.StartSpan("GET /checkout/\u00e9\u20ac\U0001F600", server);
  root->SetStatus(api::StatusCode::kOk);

  const uint8_t trace_id[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  const uint8_t span_id[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const api::SpanContext linked(api::TraceId(trace_id), api::SpanId(span_id), api::TraceFlags(1),
                                true, api::TraceState::FromHeader("vendor=x,other=y"));
  const std::vector<std::pair<api::SpanContext, Attributes>> links = {
      {linked, {{"reason", "retry"}, {"attempt", 2}}}, {linked, {}}};
  const int64_t numbers[] = {-1, 0, INT64_MAX};
  const double reals[] = {0.5, -2.25, 1e300};
  const bool flags[] = {true, false};
  const nostd::string_view texts[] = {"a", "", "\u00e9"};
  const Attributes attributes = {
      {"text", "plain"},
      {"empty_text", ""},
      {"escapes", "\"\\\n\t\x01"},
      {"yes", true},
      {"no", false},
      {"small", int32_t{-7}},
      {"large", int64_t{INT64_MAX}},
      {"smallest", int64_t{INT64_MIN}},
      {"real", 0.1},
      {"texts", nostd::span<const nostd::string_view>(texts, 3)},
      {"numbers", nostd::span<const int64_t>(numbers, 3)},
      {"reals", nostd::span<const double>(reals, 3)},
      {"flags", nostd::span<const bool>(flags, 2)},
  };
  api::StartSpanOptions client;
  client.kind = api::SpanKind::kClient;
  client.parent = root->GetContext();
  auto child = tracer.StartSpan("SELECT \"orders\"\n", attributes, links, client);
  child->AddEvent("first", Attributes{{"n", 1}});
  child->AddEvent("second");
  child->SetStatus(api::StatusCode::kError, "declined: \u00e9");
  child->End();
  for (const auto kind :
       {api::SpanKind::kInternal, api::SpanKind::kProducer, api::SpanKind::kConsumer}) {
    api::StartSpanOptions options;
    options.kind = kind;
    options.parent = root->GetContext();
    tracer.StartSpan("kind " + std::to_string(static_cast<int>(kind)), options)->End();
  }
  root->End();
}

std::string Quoted(nostd::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) {
      json += c;
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof(escaped), "\\u%04x", c);
    json += escaped;
  }
  return json + "\"";
}

std::string Real(double value) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.17g", value);
  return text;
}

// An AnyValue as OTLP/JSON.
struct AnyValue {
  template <typename T>
  std::string operator()(const T& value) const {
    if constexpr (std::is_same_v<T, bool>) {
      return value ? "{\"boolValue\":true}" : "{\"boolValue\":false}";
    } else if constexpr (std::is_integral_v<T>) {
      return "{\"intValue\":\"" + std::to_string(value) + "\"}";
    } else if constexpr (std::is_floating_point_v<T>) {
      return "{\"doubleValue\":" + Real(value) + "}";
    } else if constexpr (std::is_convertible_v<T, nostd::string_view>) {
      return "{\"stringValue\":" + Quoted(value) + "}";
    } else {
      std::string values;
      for (const typename T::value_type& item : value) {
        values += (values.empty() ? "" : ",") + AnyValue()(item);
      }
      return "{\"arrayValue\":{\"values\":[" + values + "]}}";
    }
  }
};

template <typename Map>
std::string AttributeMap(const Map& attributes) {
  std::string json;
  for (const auto& [key, value] : attributes) {
    json += (json.empty() ? "" : ",") + Quoted(key) + ":" + nostd::visit(AnyValue(), value);
  }
  return "{" + json + "}";
}

template <typename Id>
std::string Hex(const Id& id) {
  char text[2 * Id::kSize];
  id.ToLowerBase16(text);
  return "\"" + (id.IsValid() ? std::string(text, sizeof(text)) : "") + "\"";
}

std::string Nanos(nanoseconds time) {
  return "\"" + std::to_string(time.count()) + "\"";
}

std::string EventsOf(const sdk::trace::SpanData& span) {
  std::string json;
  for (const auto& event : span.GetEvents()) {
    json += std::string(json.empty() ? "" : ",") +
            "{\"timeUnixNano\":" + Nanos(event.GetTimestamp().time_since_epoch()) +
            ",\"name\":" + Quoted(event.GetName()) +
            ",\"attributes\":" + AttributeMap(event.GetAttributes()) + "}";
  }
  return "[" + json + "]";
}

std::string LinksOf(const sdk::trace::SpanData& span) {
  std::string json;
  for (const auto& link : span.GetLinks()) {
    const api::SpanContext context = link.GetSpanContext();
    json += std::string(json.empty() ? "" : ",") + "{\"traceId\":" + Hex(context.trace_id()) +
            ",\"spanId\":" + Hex(context.span_id()) +
            ",\"traceState\":" + Quoted(context.trace_state()->ToHeader()) +
            ",\"attributes\":" + AttributeMap(link.GetAttributes()) + "}";
  }
  return "[" + json + "]";
}

// The API counts kinds from 0, internal; OTLP from 1.
std::string Expected(const sdk::trace::SpanData& span) {
  const auto start = span.GetStartTime().time_since_epoch();
  const auto& scope = span.GetInstrumentationScope();
  return "{\"traceId\":" + Hex(span.GetTraceId()) + ",\"spanId\":" + Hex(span.GetSpanId()) +
         ",\"parentSpanId\":" + Hex(span.GetParentSpanId()) +
         ",\"name\":" + Quoted(span.GetName()) +
         ",\"kind\":" + std::to_string(static_cast<int>(span.GetSpanKind()) + 1) +
         ",\"startTimeUnixNano\":" + Nanos(start) +
         ",\"endTimeUnixNano\":" + Nanos(start + span.GetDuration()) +
         ",\"attributes\":" + AttributeMap(span.GetAttributes()) + ",\"events\":" + EventsOf(span) +
         ",\"links\":" + LinksOf(span) +
         ",\"status\":{\"code\":" + std::to_string(static_cast<int>(span.GetStatus())) +
         ",\"message\":" + Quoted(span.GetDescription()) + "}" +
         ",\"resourceAttributes\":" + AttributeMap(span.GetResource().GetAttributes()) +
         ",\"scopeName\":" + Quoted(scope.GetName()) +
         ",\"scopeVersion\":" + Quoted(scope.GetVersion()) +
         ",\"scopeSchemaUrl\":" + Quoted(scope.GetSchemaURL()) + "}";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: interop_cpp_sender grpc|protobuf|json ENDPOINT\n";
    return 2;
  }
  const std::string transport = argv[1];
  auto kept = std::make_unique<memory::InMemorySpanExporter>();
  const auto kept_spans = kept->GetData();
  std::vector<std::unique_ptr<sdk::trace::SpanProcessor>> processors;
  processors.push_back(sdk::trace::SimpleSpanProcessorFactory::Create(std::move(kept)));
  processors.push_back(
      sdk::trace::SimpleSpanProcessorFactory::Create(MakeExporter(transport, argv[2])));
  const auto resource =
      sdk::resource::Resource::Create({{"service.name", "interop-cpp-" + transport},
                                       {"service.version", "1.2.3"},
                                       {"host.cores", 8},
                                       {"host.load", 0.25}});
  sdk::trace::TracerProvider provider(std::move(processors), resource);
  MakeSpans(*provider.GetTracer("interop", "0.9", "https://opentelemetry.io/schemas/1.30.0"));
  if (!provider.Shutdown()) {
    std::cerr << "shutdown failed\n";
    return 1;
  }
  std::string spans;
  for (const auto& span : kept_spans->GetSpans()) {
    spans += (spans.empty() ? "" : ",") + Expected(*span);
  }
  std::cout << "{\"label\":\"opentelemetry-cpp over " << transport << "\",\"spans\":[" << spans
            << "]}\n";
  return 0;
}
