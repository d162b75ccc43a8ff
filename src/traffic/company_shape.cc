// SPDX-License-Identifier: Apache-2.0
#include "traffic/company_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "traffic/span_writer.h"

namespace spandrel::traffic {
namespace {

namespace otlp = span::otlp;

constexpr size_t kServices = 20;
constexpr size_t kOperationsPerService = 20;
constexpr size_t kResources = 80;
constexpr double kMedianTraceSize = 8;
constexpr double kTraceSizeSpread = 1.2;
constexpr size_t kHugeTraceSize = 10'000;
// One huge trace in so many spans; the first halfway through the first of them.
constexpr uint64_t kSpansPerHugeTrace = 200'000;
constexpr size_t kMaxParents = 64;
constexpr uint64_t kErrorsPerHundred = 4;
constexpr double kMedianRootDurationNano = 80e6;
constexpr double kMedianBodyBytes = 40e3;
constexpr uint64_t kEightDigits = 90'000'000;
constexpr uint64_t kFirstEightDigits = 10'000'000;

constexpr std::array<const char*, kServices> kServiceNames = {
    "frontend", "checkout",  "cart",      "catalog", "payment",  "shipping", "email",
    "currency", "recommend", "ad",        "auth",    "profile",  "search",   "inventory",
    "pricing",  "fraud",     "warehouse", "billing", "notifier", "gateway"};
constexpr std::array<const char*, 5> kMethods = {"GET", "POST", "PUT", "DELETE", "PATCH"};
// Of a span without an error in ten of a hundred cases; 200 in all others.
constexpr std::array<int64_t, 10> kStatusCodes = {200, 200, 200, 201, 201, 204, 302, 304, 400, 404};

std::string EncodeResource(size_t index) {
  std::string bytes;
  proto::Writer writer(&bytes);
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

void AddError(proto::Writer& writer, uint64_t time) {
  {
    const proto::NestedMessage event(writer, otlp::kSpanEvents);
    writer.Fixed64(otlp::kEventTime, time);
    writer.Bytes(otlp::kEventName, "exception");
    AddString(writer, otlp::kEventAttributes, "exception.type", "std::runtime_error");
    AddString(writer, otlp::kEventAttributes, "exception.message", "upstream timed out");
    AddString(writer, otlp::kEventAttributes, "exception.stacktrace",
              "at Fetch(client.cc:118)\nat Handle(server.cc:42)\nat main(main.cc:9)");
  }
  const proto::NestedMessage status(writer, otlp::kSpanStatus);
  writer.Bytes(otlp::kStatusMessage, "upstream timed out");
  writer.Varint(otlp::kStatusCode, static_cast<uint64_t>(span::SpanStatus::kError));
}

span::SpanKind KindOf(bool is_root, uint32_t operation) {
  return is_root ? span::SpanKind::kServer : static_cast<span::SpanKind>(1 + operation % 3);
}

}  // namespace

CompanyShape::CompanyShape(uint64_t seed, Timeline timeline)
    : random_(seed),
      timeline_(timeline),
      trace_size_(std::log(kMedianTraceSize), kTraceSizeSpread),
      root_duration_(std::log(kMedianRootDurationNano), 1.0),
      body_size_(std::log(kMedianBodyBytes), 1.6) {
  for (size_t i = 0; i < kResources; ++i) resources_.push_back(EncodeResource(i));
  for (const char* service : kServiceNames)
    for (size_t i = 0; i < kOperationsPerService; ++i)
      routes_.push_back(fmt::format("/{}/v1/resource{}", service, i));
}

const std::string& CompanyShape::Route(uint32_t service, uint32_t operation) const {
  return routes_[service * kOperationsPerService + operation];
}

size_t CompanyShape::NextTraceSize() {
  if (spans_ >= huge_traces_ * kSpansPerHugeTrace + kSpansPerHugeTrace / 2) {
    ++huge_traces_;
    return kHugeTraceSize;
  }
  const double size = std::round(trace_size_(random_.engine()));
  return static_cast<size_t>(std::clamp(size, 1.0, static_cast<double>(kHugeTraceSize)));
}

void CompanyShape::StartTrace() {
  trace_id_ = random_.Id<span::TraceId>();
  left_in_trace_ = NextTraceSize();
  spans_ += left_in_trace_;
  trace_start_ = timeline_.StartTrace(left_in_trace_, &random_);
  trace_.clear();
}

CompanyShape::OpenSpan CompanyShape::MakeSpan(const OpenSpan* parent) {
  OpenSpan span;
  span.id = random_.Id<span::SpanId>();
  if (parent == nullptr) {
    span.start = trace_start_;
    span.duration = 1000 + static_cast<uint64_t>(root_duration_(random_.engine()));
  } else {
    span.start = parent->start + random_.Below(parent->duration / 2 + 1);
    span.duration = 500 + random_.Below(parent->duration / 2 + 1);
  }
  const bool stays = parent != nullptr && random_.Below(2) == 0;
  span.service = static_cast<uint32_t>(stays ? parent->service : random_.Below(kServices));
  return span;
}

void CompanyShape::MayBecomeParent(const OpenSpan& span) {
  if (trace_.size() < kMaxParents) {
    trace_.push_back(span);
  } else {
    trace_[1 + random_.Below(kMaxParents - 1)] = span;
  }
}

size_t CompanyShape::WriteSpan(const std::vector<ExtraAttribute>& extra, std::string* message) {
  if (left_in_trace_ == 0) StartTrace();
  --left_in_trace_;
  const bool is_root = trace_.empty();
  const OpenSpan* parent = is_root ? nullptr : &trace_[random_.Below(trace_.size())];
  const OpenSpan span = MakeSpan(parent);
  const auto operation = static_cast<uint32_t>(random_.Below(kOperationsPerService));
  const bool error = random_.Below(100) < kErrorsPerHundred;

  proto::Writer writer(message);
  AddHead(writer, {.trace_id = trace_id_,
                   .span_id = span.id,
                   .parent_span_id = parent == nullptr ? span::SpanId() : parent->id,
                   .name = fmt::format("{} {}", kMethods[operation % kMethods.size()],
                                       Route(span.service, operation)),
                   .kind = KindOf(is_root, operation),
                   .start_time_unix_nano = span.start,
                   .duration_nano = span.duration});
  WriteAttributes(span.service, operation, error, message);
  AddExtra(writer, extra);
  if (error) AddError(writer, span.start + span.duration / 2);
  writer.Fixed32(otlp::kSpanFlags, 0x101);
  MayBecomeParent(span);
  // Instances of a service: resources that are equal modulo the number of services.
  return span.service + kServices * random_.Below(kResources / kServices);
}

void CompanyShape::WriteAttributes(uint32_t service, uint32_t operation, bool error,
                                   std::string* message) {
  constexpr uint32_t kField = otlp::kSpanAttributes;
  proto::Writer writer(message);
  const uint64_t outcome = random_.Below(100);
  const int64_t status = outcome < kStatusCodes.size() ? kStatusCodes[outcome] : 200;
  AddString(writer, kField, "http.request.method", kMethods[operation % kMethods.size()]);
  AddString(writer, kField, "url.scheme", operation % 8 == 0 ? "http" : "https");
  AddInt(writer, kField, "server.port", 8080 + service % 4);
  AddString(writer, kField, "network.protocol.version", operation % 4 == 0 ? "2" : "1.1");
  AddInt(writer, kField, "http.response.status_code", error ? 503 : status);
  AddString(writer, kField, "http.route", Route(service, operation) + "/{id}");
  AddString(writer, kField, "server.address",
            fmt::format("10.1.{}.{}", random_.Below(8), random_.Below(32)));
  AddInt(writer, kField, "tenant.id", static_cast<int64_t>(random_.Below(400)));
  AddString(writer, kField, "request.id",
            fmt::format("req-{:08x}", static_cast<uint32_t>(random_.Bits())));
  AddString(writer, kField, "url.full",
            fmt::format("https://api.example.internal{}/orders/{}", Route(service, operation),
                        kFirstEightDigits + random_.Below(kEightDigits)));
  AddInt(writer, kField, "http.response.body.size",
         static_cast<int64_t>(body_size_(random_.engine())));
}

}  // namespace spandrel::traffic
