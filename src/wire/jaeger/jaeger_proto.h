// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// Field numbers of jaeger.api_v2 (model.proto, collector.proto) and of protobuf's Timestamp and
// Duration, which share theirs.
namespace spandrel::wire::jaeger_proto {

inline constexpr uint32_t kPostSpansBatch = 1;
inline constexpr uint32_t kBatchSpans = 1;
inline constexpr uint32_t kBatchProcess = 2;
inline constexpr uint32_t kProcessServiceName = 1;
inline constexpr uint32_t kProcessTags = 2;
inline constexpr uint32_t kSpanTraceId = 1;
inline constexpr uint32_t kSpanSpanId = 2;
inline constexpr uint32_t kSpanOperationName = 3;
inline constexpr uint32_t kSpanReferences = 4;
inline constexpr uint32_t kSpanFlags = 5;
inline constexpr uint32_t kSpanStartTime = 6;
inline constexpr uint32_t kSpanDuration = 7;
inline constexpr uint32_t kSpanTags = 8;
inline constexpr uint32_t kSpanLogs = 9;
inline constexpr uint32_t kSpanProcess = 10;
inline constexpr uint32_t kSpanWarnings = 12;
inline constexpr uint32_t kReferenceTraceId = 1;
inline constexpr uint32_t kReferenceSpanId = 2;
inline constexpr uint32_t kReferenceType = 3;
inline constexpr uint32_t kLogTimestamp = 1;
inline constexpr uint32_t kLogFields = 2;
inline constexpr uint32_t kTagKey = 1;
inline constexpr uint32_t kTagType = 2;
inline constexpr uint32_t kTagString = 3;
inline constexpr uint32_t kTagBool = 4;
inline constexpr uint32_t kTagInt64 = 5;
inline constexpr uint32_t kTagFloat64 = 6;
inline constexpr uint32_t kTagBinary = 7;
inline constexpr uint32_t kTimeSeconds = 1;
inline constexpr uint32_t kTimeNanos = 2;

inline constexpr uint64_t kNanosPerSecond = 1'000'000'000;

}  // namespace spandrel::wire::jaeger_proto
