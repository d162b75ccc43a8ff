// SPDX-License-Identifier: Apache-2.0
#include "server/load/generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <protozero/pbf_writer.hpp>

#include "span/span_view.h"

namespace spandrel::server {
namespace {

namespace otlp = span::otlp;
using protozero::pbf_writer;

constexpr size_t kServices = 20;
constexpr size_t kOperationsPerService = 20;
constexpr size_t kResources = 80;
constexpr double kMedianTraceSize = 8;
constexpr size_t kMaxTraceSize = 10'000;
constexpr size_t kMaxParents = 64;
constexpr uint64_t kErrorsPerHundred = 4;
constexpr double kMedianRootDurationNano = 80e6;

constexpr std::array<const char*, kServices> kServiceNames = {
    "frontend", "checkout",  "cart",      "catalog", "payment",  "shipping", "email",
    "currency", "recommend", "ad",        "auth",    "profile",  "search",   "inventory",
    "pricing",  "fraud",     "warehouse", "billing", "notifier", "gateway"};
constexpr std::array<const char*, 5> kMethods = {"GET", "POST", "PUT", "DELETE", "PATCH"};

void AddString(pbf_writer& writer, uint32_t field, std::string_view key, std::string_view value) {
  pbf_writer attribute(writer, field);
  attribute.add_string(otlp::kKeyValueKey, key.data(), key.size());
  pbf_writer any(attribute, otlp::kKeyValueValue);
  any.add_string(otlp::kAnyValueString, value.data(), value.size());
}

void AddInt(pbf_writer& writer, uint32_t field, std::string_view key, int64_t value) {
  pbf_writer attribute(writer, field);
  attribute.add_string(otlp::kKeyValueKey, key.data(), key.size());
  pbf_writer any(attribute, otlp::kKeyValueValue);
  any.add_int64(otlp::kAnyValueInt, value);
}

std::string EncodeResource(size_t index) {
  std::string bytes;
  pbf_writer writer(bytes);
  constexpr uint32_t kField = otlp::kResourceAttributes;
  AddString(writer, kField, "service.name", kServiceNames[index % kServices]);
  AddString(writer, kField, "service.version", fmt::format("1.{}.0", index % 7));
  AddString(writer, kField, "service.instance.id",
            fmt::format("pod-{:04}-{:08x}", index, index * 2654435761U));
  AddString(writer, kField, "host.name", fmt::format("node-{:02}.example.internal", index % 12));
  AddString(writer, kField, "deployment.environment.name", "production");
  AddString(writer, kField, "telemetry.sdk.language", "cpp");
  AddInt(writer, kField, "process.pid", static_cast<int64_t>(1000 + index));
  return bytes;
}

template <typename IdType>
IdType RandomId(std::mt19937_64& random) {
  IdType id;
  for (size_t at = 0; at < IdType::kSize; at += 8) {
    const uint64_t word = random() | 1;
    std::memcpy(id.bytes.data() + at, &word, 8);
  }
  return id;
}

void AddException(pbf_writer& span, uint64_t time) {
  pbf_writer event(span, otlp::kSpanEvents);
  event.add_fixed64(otlp::kEventTime, time);
  event.add_string(otlp::kEventName, "exception");
  AddString(event, otlp::kEventAttributes, "exception.type", "std::runtime_error");
  AddString(event, otlp::kEventAttributes, "exception.message", "upstream timed out");
  AddString(event, otlp::kEventAttributes, "exception.stacktrace",
            "at Fetch(client.cc:118)\nat Handle(server.cc:42)\nat main(main.cc:9)");
}

}  // namespace

SpanGenerator::SpanGenerator(GeneratorOptions options)
    : options_(options),
      random_(options.seed),
      trace_size_(std::log(kMedianTraceSize), 1.2),
      root_duration_(std::log(kMedianRootDurationNano), 1.0),
      spans_by_resource_(kResources),
      trace_start_(options.start_time_unix_nano) {
  for (size_t i = 0; i < kResources; ++i) resources_.push_back(EncodeResource(i));
}

std::string SpanGenerator::NextRequest(size_t span_count) {
  for (std::string& spans : spans_by_resource_) spans.clear();
  for (size_t i = 0; i < span_count; ++i) AppendSpan();
  std::string bytes;
  pbf_writer request(bytes);
  for (size_t i = 0; i < kResources; ++i) {
    if (spans_by_resource_[i].empty()) continue;
    pbf_writer resource_spans(request, otlp::kRequestResourceSpans);
    resource_spans.add_message(otlp::kResourceSpansResource, resources_[i]);
    pbf_writer scope_spans(resource_spans, otlp::kResourceSpansScopeSpans);
    {
      pbf_writer scope(scope_spans, otlp::kScopeSpansScope);
      scope.add_string(otlp::kScopeName, "spandrel.load");
      scope.add_string(otlp::kScopeVersion, "1");
    }
    bytes.append(spans_by_resource_[i]);
  }
  return bytes;
}

void SpanGenerator::StartTrace() {
  trace_id_ = RandomId<span::TraceId>(random_);
  const auto size = static_cast<size_t>(std::max(1.0, trace_size_(random_)));
  left_in_trace_ = std::min(size, kMaxTraceSize);
  trace_start_ += options_.trace_interval_nano;
  trace_.clear();
}

void SpanGenerator::AppendSpan() {
  if (left_in_trace_ == 0) StartTrace();
  --left_in_trace_;
  const bool is_root = trace_.empty();
  const OpenSpan* parent = is_root ? nullptr : &trace_[Below(trace_.size())];
  OpenSpan span;
  span.id = RandomId<span::SpanId>(random_);
  span.start = is_root ? trace_start_ : parent->start + Below(parent->duration / 2 + 1);
  span.duration = is_root ? 1000 + static_cast<uint64_t>(root_duration_(random_))
                          : 500 + Below(parent->duration / 2 + 1);
  const bool stays = !is_root && Below(2) == 0;
  span.service = static_cast<uint32_t>(stays ? parent->service : Below(kServices));
  const auto operation = static_cast<uint32_t>(Below(kOperationsPerService));
  const bool error = Below(100) < kErrorsPerHundred;

  std::string message;
  pbf_writer writer(message);
  const auto view = [](std::string_view v) { return protozero::data_view(v.data(), v.size()); };
  writer.add_bytes(otlp::kSpanTraceId, view(trace_id_.view()));
  writer.add_bytes(otlp::kSpanSpanId, view(span.id.view()));
  if (parent != nullptr) writer.add_bytes(otlp::kSpanParentSpanId, view(parent->id.view()));
  writer.add_string(otlp::kSpanName,
                    fmt::format("{} /{}/v1/resource{}", kMethods[operation % kMethods.size()],
                                kServiceNames[span.service], operation));
  writer.add_enum(otlp::kSpanKind, is_root ? 2 : 1 + static_cast<int32_t>(operation % 3));
  writer.add_fixed64(otlp::kSpanStartTime, span.start);
  writer.add_fixed64(otlp::kSpanEndTime, span.start + span.duration);
  AppendAttributes(&message, operation, error);
  if (error) {
    AddException(writer, span.start + span.duration / 2);
    pbf_writer status(writer, otlp::kSpanStatus);
    status.add_string(otlp::kStatusMessage, "upstream timed out");
    status.add_enum(otlp::kStatusCode, static_cast<int32_t>(span::SpanStatus::kError));
  }
  writer.add_fixed32(otlp::kSpanFlags, 0x101);

  // Instances of a service: resources that are equal modulo the number of services.
  const size_t resource = span.service + kServices * Below(kResources / kServices);
  pbf_writer spans(spans_by_resource_[resource]);
  spans.add_message(otlp::kScopeSpansSpans, message);
  if (trace_.size() < kMaxParents) {
    trace_.push_back(span);
  } else {
    trace_[1 + Below(kMaxParents - 1)] = span;
  }
}

void SpanGenerator::AppendAttributes(std::string* message, uint32_t operation, bool error) {
  constexpr uint32_t kField = otlp::kSpanAttributes;
  pbf_writer writer(*message);
  AddString(writer, kField, "http.request.method", kMethods[operation % kMethods.size()]);
  AddString(writer, kField, "url.scheme", "https");
  AddInt(writer, kField, "server.port", 8080);
  AddString(writer, kField, "network.protocol.version", operation % 4 == 0 ? "2" : "1.1");
  AddInt(writer, kField, "http.response.status_code", error ? 503 : 200);
  AddString(writer, kField, "http.route", fmt::format("/v1/resource{}/{{id}}", operation));
  AddString(writer, kField, "server.address", fmt::format("10.1.{}.{}", Below(8), Below(32)));
  AddInt(writer, kField, "tenant.id", static_cast<int64_t>(Below(400)));
  const uint64_t user = Below(1'000'000'000);
  AddString(writer, kField, "request.id", fmt::format("{:016x}", random_()));
  AddInt(writer, kField, "user.id", static_cast<int64_t>(user));
  AddString(writer, kField, "url.full",
            fmt::format("https://api.example.internal/v1/resource{}/{}?session={:016x}", operation,
                        user, random_()));
}

}  // namespace spandrel::server
