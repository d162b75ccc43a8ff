// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "base/bytes.h"
#include "base/status.h"
#include "signal/signal.h"
#include "span/span_batch.h"

// OTLP trace requests, schema 1.11 (opentelemetry/proto/collector/trace/v1/trace_service.proto).
namespace spandrel::wire {

// A request and what was wrong with some of its spans.
struct DecodedRequest {
  std::shared_ptr<const span::SpanChunk> chunk;
  uint64_t rejected_spans = 0;  // ids of wrong length or all zero
  std::string rejected_reason;  // of the first of them, with its name
};

// How deep arrays and maps in attribute values may nest.
inline constexpr int kMaxValueDepth = 64;

// Checks the whole request once and makes the index over its bytes. INVALID_ARGUMENT, with the byte
// offset and the field, when anything in it is not well-formed OTLP; unknown fields are kept.
// Strings are not required to be UTF-8. `reservation` moves into the chunk. Requests over 4 GiB - 1
// are refused. Never recurses.
base::Result<DecodedRequest> DecodeOtlpProtobuf(base::SharedBytes request,
                                                base::ByteBudget::Reservation reservation = {});

// The same for OTLP/JSON: reads it, writes it as protobuf, and indexes that. Accepts lowerCamelCase
// and snake_case names, ids in hex of either case, 64-bit numbers as strings or numbers, enums as
// numbers or names; ignores unknown keys.
base::Result<DecodedRequest> DecodeOtlpJson(std::string_view request,
                                            base::ByteBudget::Reservation reservation = {});

// The batch as one ExportTraceServiceRequest (= TracesData). Bytes of whole chunks are taken over
// as they are, since protobuf's repeated fields concatenate.
std::string EncodeOtlpProtobuf(const span::SpanBatch& batch);

// Ids in lower-case hex and enums as numbers, as OTLP/JSON has them; or ids in base64 and enums by
// name, as protobuf's own JSON.
enum class JsonForm : bool { kOtlp, kProtobuf };

// The same as JSON: 64-bit numbers as strings. Spans of the same resource and scope are grouped.
std::string EncodeOtlpJson(const span::SpanBatch& batch, JsonForm form = JsonForm::kOtlp);

// The bytes that EncodeOtlpProtobuf makes of it: exact when all chunks are whole, else about.
size_t EncodedOtlpSize(const span::SpanBatch& batch);

// Cuts a batch into batches of at most `max_spans` spans and at most about `max_bytes` of encoded
// request each (a single larger span goes alone); 0 means no limit. Order is kept.
std::vector<span::SpanBatch> SplitBatch(span::SpanBatch&& batch, size_t max_spans,
                                        size_t max_bytes);

// The answer to an export request of any signal, both ways. An empty message is full success.
struct PartialSuccess {
  int64_t rejected_items = 0;  // spans, data points or log records
  std::string error_message;
};
std::string EncodeExportResponseProtobuf(const PartialSuccess& partial);
std::string EncodeExportResponseJson(const PartialSuccess& partial,
                                     signal::Signal signal = signal::Signal::kTraces);
base::Result<PartialSuccess> DecodeExportResponseProtobuf(std::string_view response);

}  // namespace spandrel::wire
