// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <random>
#include <string>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

// Test support: OTLP requests of libprotobuf's classes with every kind of field, made at random.
namespace spandrel::wire {

namespace pb {
using opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using opentelemetry::proto::common::v1::AnyValue;
using opentelemetry::proto::common::v1::InstrumentationScope;
using opentelemetry::proto::common::v1::KeyValue;
using opentelemetry::proto::resource::v1::Resource;
using opentelemetry::proto::trace::v1::ResourceSpans;
using opentelemetry::proto::trace::v1::ScopeSpans;
using opentelemetry::proto::trace::v1::Span;
using opentelemetry::proto::trace::v1::Status;
}  // namespace pb

class RandomRequest {
 public:
  explicit RandomRequest(uint64_t seed) : random_(seed) {}

  pb::ExportTraceServiceRequest Make() {
    pb::ExportTraceServiceRequest request;
    for (size_t i = Below(4); i-- > 0;) FillResourceSpans(request.add_resource_spans());
    return request;
  }

  size_t Below(size_t limit) { return random_() % limit; }
  bool Maybe() { return (random_() & 1) != 0; }

  std::string Bytes(size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random_());
    return bytes;
  }

  // Valid UTF-8 with what JSON must escape.
  std::string Text() {
    static constexpr const char* kPieces[] = {"a",    "GET /x", "\"",      "\\",     "\n",
                                              "\x01", "\x7f",   "\u00e9",  "\u20ac", "\U0001f600",
                                              " ",    "/",      "service", "\t",     "0"};
    std::string text;
    for (size_t i = Below(6); i-- > 0;) text += kPieces[Below(std::size(kPieces))];
    if (Below(20) == 0) text.append(200, 'x');
    if (Below(40) == 0) text.push_back('\0');
    return text;
  }

 private:
  uint64_t Number() {
    switch (Below(5)) {
      case 0:
        return 0;
      case 1:
        return random_();
      case 2:
        return std::numeric_limits<uint64_t>::max();
      case 3:
        return 1ULL << 63;
      default:
        return Below(1000);
    }
  }
  uint32_t Small() { return Maybe() ? 0 : static_cast<uint32_t>(Number()); }

  double Real() {
    static constexpr double kValues[] = {0.0,
                                         -0.0,
                                         1.5,
                                         -2.25,
                                         1e300,
                                         5e-324,
                                         0.1,
                                         1e21,
                                         123456789012345680.0,
                                         std::numeric_limits<double>::infinity(),
                                         -std::numeric_limits<double>::infinity()};
    return kValues[Below(std::size(kValues))];
  }

  void FillValue(pb::AnyValue* value, int depth) {
    switch (Below(depth > 0 ? 8 : 6)) {
      case 0:
        break;
      case 1:
        value->set_string_value(Text());
        break;
      case 2:
        value->set_bool_value(Maybe());
        break;
      case 3:
        value->set_int_value(static_cast<int64_t>(Number()));
        break;
      case 4:
        value->set_double_value(Real());
        break;
      case 5:
        value->set_bytes_value(Bytes(Below(20)));
        break;
      case 6:
        value->mutable_array_value();
        for (size_t i = Below(4); i-- > 0;) {
          FillValue(value->mutable_array_value()->add_values(), depth - 1);
        }
        break;
      default:
        value->mutable_kvlist_value();
        for (size_t i = Below(4); i-- > 0;) {
          FillAttribute(value->mutable_kvlist_value()->add_values(), depth - 1);
        }
    }
  }

  void FillAttribute(pb::KeyValue* attribute, int depth) {
    attribute->set_key(Text());
    if (Below(10) != 0) FillValue(attribute->mutable_value(), depth);
  }

  template <typename Message>
  void FillAttributes(Message* message) {
    for (size_t i = Below(5); i-- > 0;) FillAttribute(message->add_attributes(), 4);
    message->set_dropped_attributes_count(Small());
  }

  void FillSpan(pb::Span* span) {
    span->set_trace_id(Bytes(15) + "\x01");
    span->set_span_id(Bytes(7) + "\x01");
    if (Maybe()) span->set_parent_span_id(Maybe() ? std::string(8, '\0') : Bytes(8));
    span->set_trace_state(Text());
    span->set_name(Text());
    span->set_kind(static_cast<pb::Span::SpanKind>(Below(6)));
    span->set_start_time_unix_nano(Number());
    span->set_end_time_unix_nano(Number());
    FillAttributes(span);
    for (size_t i = Below(3); i-- > 0;) {
      auto* event = span->add_events();
      event->set_time_unix_nano(Number());
      event->set_name(Text());
      FillAttributes(event);
    }
    for (size_t i = Below(3); i-- > 0;) {
      auto* link = span->add_links();
      link->set_trace_id(Bytes(16));
      link->set_span_id(Bytes(8));
      link->set_trace_state(Text());
      FillAttributes(link);
    }
    span->set_dropped_events_count(Small());
    span->set_dropped_links_count(Small());
    if (Maybe()) {
      span->mutable_status()->set_message(Text());
      span->mutable_status()->set_code(static_cast<pb::Status::StatusCode>(Below(3)));
    }
  }

  void FillResourceSpans(pb::ResourceSpans* resource_spans) {
    if (Maybe()) {
      FillAttributes(resource_spans->mutable_resource());
      auto* service = resource_spans->mutable_resource()->add_attributes();
      service->set_key("service.name");
      service->mutable_value()->set_string_value(Text());
    }
    if (Maybe()) resource_spans->set_schema_url(Text());
    for (size_t i = Below(3); i-- > 0;) {
      auto* scope_spans = resource_spans->add_scope_spans();
      if (Maybe()) {
        scope_spans->mutable_scope()->set_name(Text());
        scope_spans->mutable_scope()->set_version(Text());
        FillAttributes(scope_spans->mutable_scope());
      }
      if (Maybe()) scope_spans->set_schema_url(Text());
      for (size_t j = Below(5); j-- > 0;) FillSpan(scope_spans->add_spans());
    }
  }

  std::mt19937_64 random_;
};

}  // namespace spandrel::wire
