// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "opentelemetry/trace/tracer.h"
#include "spandrel/http.h"

namespace spandrel::instrument {

using opentelemetry::proto::trace::v1::Span;
using opentelemetry::proto::trace::v1::Status;

// A tracer of the sdk whose spans the test reads as the official classes do.
class Recording {
 public:
  Recording();
  ~Recording();

  http::Options options() const;
  opentelemetry::nostd::shared_ptr<opentelemetry::trace::Tracer> tracer();

  // All spans that have ended, in the order of their starts.
  std::vector<Span> Spans();
  std::vector<Span> Spans(Span::SpanKind kind);
  // The only span; an empty one, and a failure, when there are none or several.
  Span OnlyOne();
  Span OnlyOne(Span::SpanKind kind);

 private:
  struct Sdk;

  const std::unique_ptr<Sdk> sdk_;
};

// Numbers as text, arrays as "a|b".
template <typename Attributes>
std::map<std::string, std::string> ToMap(const Attributes& attributes) {
  const auto text = [](const auto& value) {
    return value.has_int_value() ? std::to_string(value.int_value()) : value.string_value();
  };
  std::map<std::string, std::string> map;
  for (const auto& attribute : attributes) {
    std::string& joined = map[attribute.key()];
    joined = text(attribute.value());
    for (const auto& item : attribute.value().array_value().values()) {
      joined += joined.empty() ? text(item) : "|" + text(item);
    }
  }
  return map;
}
inline std::map<std::string, std::string> Attributes(const Span& span) {
  return ToMap(span.attributes());
}
inline std::vector<std::string> EventNames(const Span& span) {
  std::vector<std::string> names;
  for (const auto& event : span.events()) names.push_back(event.name());
  return names;
}

}  // namespace spandrel::instrument
