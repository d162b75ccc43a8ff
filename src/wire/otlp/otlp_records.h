// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "base/bytes.h"
#include "base/status.h"
#include "signal/record_batch.h"
#include "signal/signal.h"

// OTLP requests of metrics and logs, schema 1.11 (opentelemetry/proto/collector/{metrics,logs}/v1).
namespace spandrel::wire {

using DecodedRecords = std::shared_ptr<const signal::RecordChunk>;

// What DecodeOtlpProtobuf and DecodeOtlpJson of otlp.h are for spans, for metrics and log records:
// the whole request is checked once, nothing is copied or changed, and no record is left out.
// `signal` is kMetrics or kLogs. A metric of two kinds at once is malformed.
base::Result<DecodedRecords> DecodeOtlpRecords(signal::Signal signal, base::SharedBytes request,
                                               base::ByteBudget::Reservation reservation = {});
base::Result<DecodedRecords> DecodeOtlpRecordsJson(signal::Signal signal, std::string_view request,
                                                   base::ByteBudget::Reservation reservation = {});

// The batch as one export request. Bytes of whole chunks are taken over as they are.
std::string EncodeOtlpProtobuf(const signal::MetricBatch& batch);
std::string EncodeOtlpProtobuf(const signal::LogBatch& batch);

// The same as OTLP/JSON.
std::string EncodeOtlpJson(const signal::MetricBatch& batch);
std::string EncodeOtlpJson(const signal::LogBatch& batch);

// The bytes that EncodeOtlpProtobuf makes of it: exact when all chunks are whole, else about.
size_t EncodedOtlpSize(const signal::MetricBatch& batch);
size_t EncodedOtlpSize(const signal::LogBatch& batch);

// One Metric or LogRecord message as OTLP/JSON, on one line.
std::string OtlpRecordJson(signal::Signal signal, std::string_view record);

// Cuts a batch into batches of at most `max_points` data points or `max_records` log records, and
// at most about `max_bytes` of encoded request each; 0 means no limit. A metric is not cut: one
// that is larger by itself goes alone. Order and origin are kept.
std::vector<signal::MetricBatch> SplitBatch(signal::MetricBatch&& batch, size_t max_points,
                                            size_t max_bytes);
std::vector<signal::LogBatch> SplitBatch(signal::LogBatch&& batch, size_t max_records,
                                         size_t max_bytes);

}  // namespace spandrel::wire
