// SPDX-License-Identifier: Apache-2.0
#include "wire/otlp/otlp_schema.h"

#include "span/span_view.h"
#include "wire/otlp/common_schema.h"

namespace spandrel::wire {
namespace {

namespace otlp = span::otlp;

constexpr FieldRule kEventFields[] = {
    {"timeUnixNano", FieldKind::kFixed64, otlp::kEventTime},
    {"name", FieldKind::kString, otlp::kEventName},
    {"attributes", FieldKind::kAttributes, otlp::kEventAttributes},
    {"droppedAttributesCount", FieldKind::kUint32, otlp::kEventDroppedAttributesCount},
};

constexpr FieldRule kLinkFields[] = {
    {"traceId", FieldKind::kId, otlp::kLinkTraceId},
    {"spanId", FieldKind::kId, otlp::kLinkSpanId},
    {"traceState", FieldKind::kString, otlp::kLinkTraceState},
    {"attributes", FieldKind::kAttributes, otlp::kLinkAttributes},
    {"droppedAttributesCount", FieldKind::kUint32, otlp::kLinkDroppedAttributesCount},
    {"flags", FieldKind::kFixed32, otlp::kLinkFlags},
};

constexpr FieldRule kStatusFields[] = {
    {"message", FieldKind::kString, otlp::kStatusMessage},
    {"code", FieldKind::kStatusCode, otlp::kStatusCode},
};

constexpr FieldRule kSpanFields[] = {
    {"traceId", FieldKind::kId, otlp::kSpanTraceId},
    {"spanId", FieldKind::kId, otlp::kSpanSpanId},
    {"traceState", FieldKind::kString, otlp::kSpanTraceState},
    {"parentSpanId", FieldKind::kId, otlp::kSpanParentSpanId},
    {"name", FieldKind::kString, otlp::kSpanName},
    {"kind", FieldKind::kSpanKind, otlp::kSpanKind},
    {"startTimeUnixNano", FieldKind::kFixed64, otlp::kSpanStartTime},
    {"endTimeUnixNano", FieldKind::kFixed64, otlp::kSpanEndTime},
    {"attributes", FieldKind::kAttributes, otlp::kSpanAttributes},
    {"droppedAttributesCount", FieldKind::kUint32, otlp::kSpanDroppedAttributesCount},
    {"events", FieldKind::kRepeatedMessage, otlp::kSpanEvents, kEventFields},
    {"droppedEventsCount", FieldKind::kUint32, otlp::kSpanDroppedEventsCount},
    {"links", FieldKind::kRepeatedMessage, otlp::kSpanLinks, kLinkFields},
    {"droppedLinksCount", FieldKind::kUint32, otlp::kSpanDroppedLinksCount},
    {"status", FieldKind::kMessage, otlp::kSpanStatus, kStatusFields},
    {"flags", FieldKind::kFixed32, otlp::kSpanFlags},
};

constexpr FieldRule kScopeSpansFields[] = {
    {"scope", FieldKind::kMessage, otlp::kScopeSpansScope, kScopeFields},
    {"spans", FieldKind::kRepeatedMessage, otlp::kScopeSpansSpans, kSpanFields},
    {"schemaUrl", FieldKind::kString, otlp::kScopeSpansSchemaUrl},
};

constexpr FieldRule kResourceSpansFields[] = {
    {"resource", FieldKind::kMessage, otlp::kResourceSpansResource, kResourceFields},
    {"scopeSpans", FieldKind::kRepeatedMessage, otlp::kResourceSpansScopeSpans, kScopeSpansFields},
    {"schemaUrl", FieldKind::kString, otlp::kResourceSpansSchemaUrl},
};

constexpr FieldRule kRequestFields[] = {
    {"resourceSpans", FieldKind::kRepeatedMessage, otlp::kRequestResourceSpans,
     kResourceSpansFields},
};

}  // namespace

const MessageRule kResourceMessage = kResourceFields;
const MessageRule kScopeMessage = kScopeFields;
const SignalSchema kTracesSchema = {kRequestFields, kSpanFields, "resourceSpans", "scopeSpans",
                                    "spans"};

const SignalSchema& SchemaOf(signal::Signal signal) {
  switch (signal) {
    case signal::Signal::kMetrics:
      return kMetricsSchema;
    case signal::Signal::kLogs:
      return kLogsSchema;
    default:
      return kTracesSchema;
  }
}

}  // namespace spandrel::wire
