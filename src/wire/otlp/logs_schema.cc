// SPDX-License-Identifier: Apache-2.0
// opentelemetry/proto/logs/v1/logs.proto, schema 1.11.
#include "wire/otlp/common_schema.h"
#include "wire/otlp/otlp_schema.h"

namespace spandrel::wire {
namespace {

constexpr FieldRule kLogRecordFields[] = {
    {"timeUnixNano", FieldKind::kFixed64, 1},
    {"observedTimeUnixNano", FieldKind::kFixed64, 11},
    {"severityNumber", FieldKind::kSeverity, 2},
    {"severityText", FieldKind::kString, 3},
    {"body", FieldKind::kAnyValue, 5},
    {"attributes", FieldKind::kAttributes, 6},
    {"droppedAttributesCount", FieldKind::kUint32, 7},
    {"flags", FieldKind::kFixed32, 8},
    {"traceId", FieldKind::kId, 9},
    {"spanId", FieldKind::kId, 10},
    {"eventName", FieldKind::kString, 12},
};

constexpr FieldRule kScopeLogsFields[] = {
    {"scope", FieldKind::kMessage, 1, kScopeFields},
    {"logRecords", FieldKind::kRepeatedMessage, 2, kLogRecordFields},
    {"schemaUrl", FieldKind::kString, 3},
};

constexpr FieldRule kResourceLogsFields[] = {
    {"resource", FieldKind::kMessage, 1, kResourceFields},
    {"scopeLogs", FieldKind::kRepeatedMessage, 2, kScopeLogsFields},
    {"schemaUrl", FieldKind::kString, 3},
};

constexpr FieldRule kRequestFields[] = {
    {"resourceLogs", FieldKind::kRepeatedMessage, 1, kResourceLogsFields},
};

}  // namespace

const SignalSchema kLogsSchema = {kRequestFields, kLogRecordFields, "resourceLogs", "scopeLogs",
                                  "logRecords"};

}  // namespace spandrel::wire
