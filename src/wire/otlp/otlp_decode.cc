// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "proto/field_reader.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/request_walk.h"

namespace spandrel::wire {
namespace {

namespace otlp = span::otlp;
using base::Status;
using base::StatusCode;
using proto::NextField;

constexpr size_t kMaxNameInReason = 64;

// The text with anything but printable ASCII replaced, short enough for an error message.
std::string Printable(std::string_view text) {
  std::string clean(text.substr(0, kMaxNameInReason));
  for (char& c : clean) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return clean;
}

// Reads the spans of one request.
class Decoder : public RequestWalk<Decoder, span::SpanChunk> {
 public:
  static constexpr RequestNames kNames = {"resource_spans", "resource_spans.resource",
                                          "scope_spans", "scope_spans.scope"};

  using RequestWalk::RequestWalk;

  // True when the request has nothing but what the index holds.
  bool whole() const { return rejected_ == 0 && !deprecated(); }
  uint64_t rejected() const { return rejected_; }
  std::string TakeReason() { return std::move(reason_); }

  size_t record_count() { return chunk()->spans.size(); }
  bool ReadRecord(std::string_view message, uint32_t scope) { return ReadSpan(message, scope); }

 private:
  bool ReadSpan(std::string_view message, uint32_t scope) {
    span::SpanEntry entry;
    entry.message = RangeOf(message);
    entry.scope = scope;
    std::string_view trace_id;
    std::string_view span_id;
    std::string_view parent_id;
    bool has_status = false;
    proto::Field field;
    while (NextField(&message, &field)) {
      if (field.is_bytes()) {
        switch (field.number) {
          case otlp::kSpanTraceId:
            trace_id = field.bytes;
            break;
          case otlp::kSpanSpanId:
            span_id = field.bytes;
            break;
          case otlp::kSpanParentSpanId:
            parent_id = field.bytes;
            break;
          case otlp::kSpanName:
            entry.name = RangeOf(field.bytes);
            break;
          case otlp::kSpanAttributes:
            if (!CheckAttribute(field.bytes, "span.attributes")) return false;
            break;
          case otlp::kSpanEvents:
            if (!CheckParts(field.bytes, otlp::kEventAttributes, "span.events")) return false;
            break;
          case otlp::kSpanLinks:
            if (!CheckParts(field.bytes, otlp::kLinkAttributes, "span.links")) return false;
            break;
          case otlp::kSpanStatus:
            if (std::exchange(has_status, true)) {
              return Fail(field.bytes.data(), "span.status", "given twice");
            }
            if (!ReadStatus(field.bytes, &entry)) return false;
            break;
          default:
            break;
        }
      } else {
        ReadScalar(field, &entry);
      }
    }
    return AtEnd(message, "span") && AddSpan(trace_id, span_id, parent_id, &entry);
  }

  static void ReadScalar(const proto::Field& field, span::SpanEntry* entry) {
    if (field.number == otlp::kSpanStartTime && field.is_fixed64()) {
      entry->start_time_unix_nano = field.scalar;
    } else if (field.number == otlp::kSpanEndTime && field.is_fixed64()) {
      entry->end_time_unix_nano = field.scalar;
    } else if (field.number == otlp::kSpanKind && field.is_varint()) {
      const bool known = field.scalar <= static_cast<uint64_t>(span::SpanKind::kConsumer);
      entry->kind =
          known ? static_cast<span::SpanKind>(field.scalar) : span::SpanKind::kUnspecified;
    }
  }

  bool ReadStatus(std::string_view message, span::SpanEntry* entry) {
    proto::Field field;
    while (NextField(&message, &field)) {
      if (field.number != otlp::kStatusCode || !field.is_varint()) continue;
      const bool known = field.scalar <= static_cast<uint64_t>(span::SpanStatus::kError);
      entry->status =
          known ? static_cast<span::SpanStatus>(field.scalar) : span::SpanStatus::kUnset;
    }
    return AtEnd(message, "span.status");
  }

  bool AddSpan(std::string_view trace_id, std::string_view span_id, std::string_view parent_id,
               span::SpanEntry* entry) {
    const auto trace = span::TraceId::FromBytes(trace_id);
    const auto span = span::SpanId::FromBytes(span_id);
    const auto parent = span::SpanId::FromBytes(parent_id);
    if (!trace)
      return Reject(*entry, fmt::format("trace id has {} bytes, not 16", trace_id.size()));
    if (trace->IsZero()) return Reject(*entry, "trace id is zero");
    if (!span) return Reject(*entry, fmt::format("span id has {} bytes, not 8", span_id.size()));
    if (span->IsZero()) return Reject(*entry, "span id is zero");
    if (!parent && !parent_id.empty()) {
      return Reject(*entry, fmt::format("parent span id has {} bytes, not 8", parent_id.size()));
    }
    entry->trace_id = *trace;
    entry->span_id = *span;
    if (parent) entry->parent_span_id = *parent;
    if (!GrowIfFull(&chunk()->spans)) return false;
    chunk()->spans.push_back(*entry);
    return true;
  }

  // Leaves the span out. True, since the rest of the request is still good.
  bool Reject(const span::SpanEntry& entry, std::string_view why) {
    if (rejected_++ == 0) {
      reason_ = fmt::format("span \"{}\": {}", Printable(entry.name.In(bytes())), why);
    }
    return true;
  }

  // Messages that are flat but for their attributes.
  bool CheckParts(std::string_view message, uint32_t attributes_field, std::string_view name) {
    proto::Field field;
    while (NextField(&message, &field)) {
      if (field.number == attributes_field && field.is_bytes() &&
          !CheckAttribute(field.bytes, name)) {
        return false;
      }
    }
    return AtEnd(message, name);
  }

  uint64_t rejected_ = 0;
  std::string reason_;
};

}  // namespace

base::Result<DecodedRequest> DecodeOtlpProtobuf(base::SharedBytes request,
                                                base::ByteBudget::Reservation reservation) {
  if (request->size() > kMaxRequestBytes) {
    return Status(StatusCode::kResourceExhausted, "otlp request: larger than 4 GiB");
  }
  auto chunk = std::make_shared<span::SpanChunk>();
  chunk->buffer = std::move(request);
  chunk->reservation = std::move(reservation);
  Decoder decoder(chunk->bytes(), chunk.get());
  SPANDREL_RETURN_IF_ERROR(decoder.Run());
  chunk->whole = decoder.whole();
  return DecodedRequest{std::move(chunk), decoder.rejected(), decoder.TakeReason()};
}

}  // namespace spandrel::wire
