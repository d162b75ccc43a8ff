// SPDX-License-Identifier: Apache-2.0
// opentelemetry/proto/metrics/v1/metrics.proto, schema 1.11.
#include "wire/otlp/common_schema.h"
#include "wire/otlp/otlp_schema.h"

namespace spandrel::wire {
namespace {

constexpr FieldRule kExemplarFields[] = {
    {"filteredAttributes", FieldKind::kAttributes, 7},
    {"timeUnixNano", FieldKind::kFixed64, 2},
    {"asDouble", FieldKind::kOptionalDouble, 3},
    {"asInt", FieldKind::kOptionalSfixed64, 6},
    {"spanId", FieldKind::kId, 4},
    {"traceId", FieldKind::kId, 5},
};

constexpr FieldRule kNumberPointFields[] = {
    {"attributes", FieldKind::kAttributes, 7},
    {"startTimeUnixNano", FieldKind::kFixed64, 2},
    {"timeUnixNano", FieldKind::kFixed64, 3},
    {"asDouble", FieldKind::kOptionalDouble, 4},
    {"asInt", FieldKind::kOptionalSfixed64, 6},
    {"exemplars", FieldKind::kRepeatedMessage, 5, kExemplarFields},
    {"flags", FieldKind::kUint32, 8},
};

constexpr FieldRule kHistogramPointFields[] = {
    {"attributes", FieldKind::kAttributes, 9},
    {"startTimeUnixNano", FieldKind::kFixed64, 2},
    {"timeUnixNano", FieldKind::kFixed64, 3},
    {"count", FieldKind::kFixed64, 4},
    {"sum", FieldKind::kOptionalDouble, 5},
    {"bucketCounts", FieldKind::kPackedFixed64, 6},
    {"explicitBounds", FieldKind::kPackedDouble, 7},
    {"exemplars", FieldKind::kRepeatedMessage, 8, kExemplarFields},
    {"flags", FieldKind::kUint32, 10},
    {"min", FieldKind::kOptionalDouble, 11},
    {"max", FieldKind::kOptionalDouble, 12},
};

constexpr FieldRule kBucketsFields[] = {
    {"offset", FieldKind::kSint32, 1},
    {"bucketCounts", FieldKind::kPackedUint64, 2},
};

constexpr FieldRule kExponentialPointFields[] = {
    {"attributes", FieldKind::kAttributes, 1},
    {"startTimeUnixNano", FieldKind::kFixed64, 2},
    {"timeUnixNano", FieldKind::kFixed64, 3},
    {"count", FieldKind::kFixed64, 4},
    {"sum", FieldKind::kOptionalDouble, 5},
    {"scale", FieldKind::kSint32, 6},
    {"zeroCount", FieldKind::kFixed64, 7},
    {"positive", FieldKind::kMessage, 8, kBucketsFields},
    {"negative", FieldKind::kMessage, 9, kBucketsFields},
    {"flags", FieldKind::kUint32, 10},
    {"exemplars", FieldKind::kRepeatedMessage, 11, kExemplarFields},
    {"min", FieldKind::kOptionalDouble, 12},
    {"max", FieldKind::kOptionalDouble, 13},
    {"zeroThreshold", FieldKind::kDouble, 14},
};

constexpr FieldRule kQuantileFields[] = {
    {"quantile", FieldKind::kDouble, 1},
    {"value", FieldKind::kDouble, 2},
};

constexpr FieldRule kSummaryPointFields[] = {
    {"attributes", FieldKind::kAttributes, 7},
    {"startTimeUnixNano", FieldKind::kFixed64, 2},
    {"timeUnixNano", FieldKind::kFixed64, 3},
    {"count", FieldKind::kFixed64, 4},
    {"sum", FieldKind::kDouble, 5},
    {"quantileValues", FieldKind::kRepeatedMessage, 6, kQuantileFields},
    {"flags", FieldKind::kUint32, 8},
};

constexpr FieldRule kGaugeFields[] = {
    {"dataPoints", FieldKind::kItems, 1, kNumberPointFields},
};

constexpr FieldRule kSumFields[] = {
    {"dataPoints", FieldKind::kItems, 1, kNumberPointFields},
    {"aggregationTemporality", FieldKind::kTemporality, 2},
    {"isMonotonic", FieldKind::kBool, 3},
};

constexpr FieldRule kHistogramFields[] = {
    {"dataPoints", FieldKind::kItems, 1, kHistogramPointFields},
    {"aggregationTemporality", FieldKind::kTemporality, 2},
};

constexpr FieldRule kExponentialFields[] = {
    {"dataPoints", FieldKind::kItems, 1, kExponentialPointFields},
    {"aggregationTemporality", FieldKind::kTemporality, 2},
};

constexpr FieldRule kSummaryFields[] = {
    {"dataPoints", FieldKind::kItems, 1, kSummaryPointFields},
};

constexpr FieldRule kMetricFields[] = {
    {"name", FieldKind::kString, 1},
    {"description", FieldKind::kString, 2},
    {"unit", FieldKind::kString, 3},
    {"gauge", FieldKind::kMessage, 5, kGaugeFields},
    {"sum", FieldKind::kMessage, 7, kSumFields},
    {"histogram", FieldKind::kMessage, 9, kHistogramFields},
    {"exponentialHistogram", FieldKind::kMessage, 10, kExponentialFields},
    {"summary", FieldKind::kMessage, 11, kSummaryFields},
    {"metadata", FieldKind::kAttributes, 12},
};

constexpr FieldRule kScopeMetricsFields[] = {
    {"scope", FieldKind::kMessage, 1, kScopeFields},
    {"metrics", FieldKind::kRepeatedMessage, 2, kMetricFields},
    {"schemaUrl", FieldKind::kString, 3},
};

constexpr FieldRule kResourceMetricsFields[] = {
    {"resource", FieldKind::kMessage, 1, kResourceFields},
    {"scopeMetrics", FieldKind::kRepeatedMessage, 2, kScopeMetricsFields},
    {"schemaUrl", FieldKind::kString, 3},
};

constexpr FieldRule kRequestFields[] = {
    {"resourceMetrics", FieldKind::kRepeatedMessage, 1, kResourceMetricsFields},
};

}  // namespace

const SignalSchema kMetricsSchema = {kRequestFields, kMetricFields, "resourceMetrics",
                                     "scopeMetrics", "metrics"};

}  // namespace spandrel::wire
