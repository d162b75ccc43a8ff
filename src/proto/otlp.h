// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// Field numbers of OTLP's messages (opentelemetry/proto/{common,resource,trace,metrics,logs}/v1),
// schema 1.11.
namespace spandrel::proto::otlp {

// AnyValue, KeyValue, ArrayValue and KeyValueList.
inline constexpr uint32_t kAnyValueString = 1;
inline constexpr uint32_t kAnyValueBool = 2;
inline constexpr uint32_t kAnyValueInt = 3;
inline constexpr uint32_t kAnyValueDouble = 4;
inline constexpr uint32_t kAnyValueArray = 5;
inline constexpr uint32_t kAnyValueKvlist = 6;
inline constexpr uint32_t kAnyValueBytes = 7;
inline constexpr uint32_t kKeyValueKey = 1;
inline constexpr uint32_t kKeyValueValue = 2;
inline constexpr uint32_t kListValues = 1;  // ArrayValue.values and KeyValueList.values

// Resource and InstrumentationScope.
inline constexpr uint32_t kResourceAttributes = 1;
inline constexpr uint32_t kResourceDroppedAttributesCount = 2;
inline constexpr uint32_t kResourceEntityRefs = 3;
inline constexpr uint32_t kScopeName = 1;
inline constexpr uint32_t kScopeVersion = 2;
inline constexpr uint32_t kScopeAttributes = 3;
inline constexpr uint32_t kScopeDroppedAttributesCount = 4;

// ExportTraceServiceRequest, ResourceSpans and ScopeSpans. The requests of metrics and logs have
// the same numbers in the same places.
inline constexpr uint32_t kRequestResourceSpans = 1;
inline constexpr uint32_t kResourceSpansResource = 1;
inline constexpr uint32_t kResourceSpansScopeSpans = 2;
inline constexpr uint32_t kResourceSpansSchemaUrl = 3;
inline constexpr uint32_t kScopeSpansScope = 1;
inline constexpr uint32_t kScopeSpansSpans = 2;
inline constexpr uint32_t kScopeSpansSchemaUrl = 3;

// Span, Event, Link and Status.
inline constexpr uint32_t kSpanTraceId = 1;
inline constexpr uint32_t kSpanSpanId = 2;
inline constexpr uint32_t kSpanTraceState = 3;
inline constexpr uint32_t kSpanParentSpanId = 4;
inline constexpr uint32_t kSpanName = 5;
inline constexpr uint32_t kSpanKind = 6;
inline constexpr uint32_t kSpanStartTime = 7;
inline constexpr uint32_t kSpanEndTime = 8;
inline constexpr uint32_t kSpanAttributes = 9;
inline constexpr uint32_t kSpanDroppedAttributesCount = 10;
inline constexpr uint32_t kSpanEvents = 11;
inline constexpr uint32_t kSpanDroppedEventsCount = 12;
inline constexpr uint32_t kSpanLinks = 13;
inline constexpr uint32_t kSpanDroppedLinksCount = 14;
inline constexpr uint32_t kSpanStatus = 15;
inline constexpr uint32_t kSpanFlags = 16;
inline constexpr uint32_t kEventTime = 1;
inline constexpr uint32_t kEventName = 2;
inline constexpr uint32_t kEventAttributes = 3;
inline constexpr uint32_t kEventDroppedAttributesCount = 4;
inline constexpr uint32_t kLinkTraceId = 1;
inline constexpr uint32_t kLinkSpanId = 2;
inline constexpr uint32_t kLinkTraceState = 3;
inline constexpr uint32_t kLinkAttributes = 4;
inline constexpr uint32_t kLinkDroppedAttributesCount = 5;
inline constexpr uint32_t kLinkFlags = 6;
inline constexpr uint32_t kStatusMessage = 2;
inline constexpr uint32_t kStatusCode = 3;

// LogRecord.
inline constexpr uint32_t kLogSeverityNumber = 2;
inline constexpr uint32_t kLogSeverityText = 3;
inline constexpr uint32_t kLogBody = 5;
inline constexpr uint32_t kLogAttributes = 6;

// Metric, its kinds of data, and their data points.
inline constexpr uint32_t kMetricName = 1;
inline constexpr uint32_t kMetricGauge = 5;
inline constexpr uint32_t kMetricSum = 7;
inline constexpr uint32_t kMetricHistogram = 9;
inline constexpr uint32_t kMetricExponentialHistogram = 10;
inline constexpr uint32_t kMetricSummary = 11;
inline constexpr uint32_t kDataPoints = 1;  // of each kind of data
inline constexpr uint32_t kNumberPointAttributes = 7;
inline constexpr uint32_t kHistogramPointAttributes = 9;
inline constexpr uint32_t kExponentialHistogramPointAttributes = 1;
inline constexpr uint32_t kSummaryPointAttributes = 7;

}  // namespace spandrel::proto::otlp
