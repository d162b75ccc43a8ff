// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "base/bytes.h"
#include "span/ids.h"

namespace spandrel::signal {
struct Origin;  // signal/origin.h
}

namespace spandrel::span {

enum class SpanKind : uint8_t { kUnspecified, kInternal, kServer, kClient, kProducer, kConsumer };
enum class SpanStatus : uint8_t { kUnset, kOk, kError };

// "server", "client", ...; "unspecified" for anything else.
std::string_view SpanKindName(SpanKind kind);
// "unset", "ok", "error".
std::string_view SpanStatusName(SpanStatus status);

// Where one ResourceSpans lies in a chunk's buffer.
struct ResourceEntry {
  base::ByteRange message;     // the Resource message; empty when absent
  base::ByteRange schema_url;  // of the ResourceSpans
  base::ByteRange
      service_name;      // the text of its `service.name`; empty when absent or not a string
  bool present = false;  // false when the ResourceSpans had no `resource` at all
};

// Where one ScopeSpans lies, and to which resource it belongs.
struct ScopeEntry {
  uint32_t resource = 0;       // index into SpanChunk::resources
  base::ByteRange message;     // the InstrumentationScope message; empty when absent
  base::ByteRange schema_url;  // of the ScopeSpans
  bool present = false;
};

// One span: what nearly every stage asks for, decoded; the rest through `message`.
struct SpanEntry {
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_span_id;  // zero for a root
  uint64_t start_time_unix_nano = 0;
  uint64_t end_time_unix_nano = 0;
  base::ByteRange message;  // the Span message
  base::ByteRange name;
  uint32_t scope = 0;  // index into SpanChunk::scopes
  SpanKind kind = SpanKind::kUnspecified;
  SpanStatus status = SpanStatus::kUnset;
  // How many spans it stands for where spans are counted: above 1 when a store has kept its trace
  // as one of many.
  uint16_t weight = 1;

  // Zero when the span ends before it starts.
  uint64_t duration_nano() const {
    return end_time_unix_nano > start_time_unix_nano ? end_time_unix_nano - start_time_unix_nano
                                                     : 0;
  }
};

// Spans of one received request: its OTLP protobuf bytes and an index of what lies where. The bytes
// were checked when the index was made (wire::DecodeOtlpProtobuf), so readers need not check again.
// Immutable once made; shared by the stages that hold it.
struct SpanChunk {
  base::SharedBytes buffer;
  std::vector<ResourceEntry> resources;
  std::vector<ScopeEntry> scopes;
  std::vector<SpanEntry> spans;
  // True when `buffer` is an ExportTraceServiceRequest that holds exactly `spans` in this order, so
  // that it can be passed on or stored as it is.
  bool whole = false;
  // The part of the process's byte budget that the buffer occupies.
  base::ByteBudget::Reservation reservation;

  std::string_view bytes() const { return *buffer; }
};

// A number of spans on their way through the pipeline, all of one origin. Cheap to copy: copies
// share the chunks.
class SpanBatch {
 public:
  SpanBatch() = default;
  explicit SpanBatch(std::shared_ptr<const SpanChunk> chunk) { Append(std::move(chunk)); }

  // Empty chunks are left out.
  void Append(std::shared_ptr<const SpanChunk> chunk);
  // Both are of one origin, or one is empty: CHECKed.
  void Append(SpanBatch&& other);

  // Where the spans came from; null when nothing is known.
  const std::shared_ptr<const signal::Origin>& origin() const { return origin_; }
  void set_origin(std::shared_ptr<const signal::Origin> origin) { origin_ = std::move(origin); }

  const std::vector<std::shared_ptr<const SpanChunk>>& chunks() const { return chunks_; }
  bool empty() const { return span_count_ == 0; }
  size_t span_count() const { return span_count_; }
  // Bytes of the spans' messages: what an OTLP request of this batch costs, without framing.
  size_t byte_size() const { return byte_size_; }

 private:
  std::vector<std::shared_ptr<const SpanChunk>> chunks_;
  std::shared_ptr<const signal::Origin> origin_;
  size_t span_count_ = 0;
  size_t byte_size_ = 0;
};

}  // namespace spandrel::span
