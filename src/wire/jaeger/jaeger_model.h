// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "span/ids.h"
#include "span/span_view.h"

// Jaeger's model (jaeger.api_v2, model.proto) as plain structs, and the one mapping from OTLP to
// it, which the gRPC exporter and the HTTP JSON share.
namespace spandrel::wire {

struct JaegerBinary {
  std::string bytes;
  friend bool operator==(const JaegerBinary&, const JaegerBinary&) = default;
};

// In the order of model.proto's ValueType: string 0, bool 1, int64 2, float64 3, binary 4.
using JaegerValue = std::variant<std::string, bool, int64_t, double, JaegerBinary>;

struct JaegerTag {
  std::string key;
  JaegerValue value;
  friend bool operator==(const JaegerTag&, const JaegerTag&) = default;
};

struct JaegerReference {
  enum class Type : uint8_t { kChildOf, kFollowsFrom };
  Type type = Type::kChildOf;
  span::TraceId trace_id;
  span::SpanId span_id;
  friend bool operator==(const JaegerReference&, const JaegerReference&) = default;
};

struct JaegerLog {
  uint64_t time_unix_nano = 0;
  std::vector<JaegerTag> fields;
  friend bool operator==(const JaegerLog&, const JaegerLog&) = default;
};

struct JaegerProcess {
  std::string service_name;
  std::vector<JaegerTag> tags;
  friend bool operator==(const JaegerProcess&, const JaegerProcess&) = default;
};

struct JaegerSpan {
  span::TraceId trace_id;
  span::SpanId span_id;
  std::string operation_name;
  std::vector<JaegerReference> references;  // the parent first
  uint32_t flags = 0;
  uint64_t start_time_unix_nano = 0;
  uint64_t duration_nano = 0;
  std::vector<JaegerTag> tags;
  std::vector<JaegerLog> logs;
  std::vector<std::string> warnings;
  friend bool operator==(const JaegerSpan&, const JaegerSpan&) = default;
};

// The attribute, a list of texts, in which what went wrong with a span is kept (the Collector's
// translator has the same); it becomes the span's warnings, and is no tag.
inline constexpr std::string_view kJaegerWarnings = "@jaeger@warnings";
std::vector<std::string> JaegerWarningsOf(const span::ValueView& value);

// What a process is called whose resource has no `service.name`.
inline constexpr std::string_view kNoServiceName = "OTLPResourceNoServiceName";

// The span of an OTLP span, mapped as the Collector's translator does it:
// - tags: `otel.scope.name` and `.version`, the attributes, `span.kind`, `otel.status_code`,
//   `error` = true for errors, `otel.status_description`, `w3c.tracestate`. Arrays and maps become
//   JSON text, an empty value becomes empty text.
// - an event's name becomes the log field `event`, unless it has an attribute of that name.
// - the parent becomes a CHILD_OF reference; links become FOLLOWS_FROM, or CHILD_OF where their
//   attribute `opentracing.ref_type` is "child_of".
// - flags keep the sampled bit only: Jaeger's second bit means debug, W3C's means random.
// Scope attributes, dropped counts and schema URLs have no place in this model.
JaegerSpan ToJaegerSpan(const span::SpanRef& ref);

// The process of the span's resource: `service.name`, and the other attributes as tags.
JaegerProcess ToJaegerProcess(const span::SpanRef& ref);

// The same piece by piece, for those who write it at once: each tag in order, with the value that
// it is made of. Nothing is copied.
using JaegerTagVisitor = std::function<void(std::string_view key, const span::ValueView& value)>;
// What the warnings of the span are kept in is set where it has some, and is no tag. `span`: of it.
void VisitJaegerTags(const span::SpanRef& ref, const span::SpanView& span,
                     const JaegerTagVisitor& visit, std::optional<span::ValueView>* warnings);
void VisitJaegerLogFields(const span::EventView& event, const JaegerTagVisitor& visit);
void VisitJaegerProcessTags(const span::SpanRef& ref, const JaegerTagVisitor& visit);
std::string_view JaegerServiceOf(const span::SpanRef& ref);
std::vector<JaegerReference> JaegerReferencesOf(const span::SpanEntry& entry,
                                                const span::SpanView& span);

}  // namespace spandrel::wire
