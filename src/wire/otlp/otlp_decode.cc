// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>

#include "span/field_reader.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/value_check.h"

namespace spandrel::wire {
namespace {

namespace otlp = span::otlp;
using base::ByteRange;
using base::Status;
using base::StatusCode;
using span::NextField;
using span::ProtoField;

// The scope spans of a schema before 0.19, which the Collector still reads when there are no
// others.
constexpr uint32_t kDeprecatedScopeSpans = 1000;

constexpr uint64_t kMaxRequestBytes = std::numeric_limits<uint32_t>::max();
constexpr size_t kMaxNameInReason = 64;
constexpr uint32_t kNoAttributes = 0;  // no field has this number

// The text with anything but printable ASCII replaced, short enough for an error message.
std::string Printable(std::string_view text) {
  std::string clean(text.substr(0, kMaxNameInReason));
  for (char& c : clean) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return clean;
}

// Walks one request from the outside in, checking each message and noting where things lie.
class Decoder {
 public:
  Decoder(std::string_view bytes, span::SpanChunk* chunk) : bytes_(bytes), chunk_(chunk) {}

  Status Run() {
    if (ReadRequest()) return {};
    if (over_budget_) {
      return Status::Unavailable("no memory left for the index of the request",
                                 std::chrono::seconds(1));
    }
    return {StatusCode::kInvalidArgument,
            fmt::format("otlp request: byte {}: {}: {}", problem_.at - bytes_.data(),
                        problem_.field, problem_.reason)};
  }

  // True when the request has nothing but what the index holds.
  bool whole() const { return rejected_ == 0 && !deprecated_; }
  uint64_t rejected() const { return rejected_; }
  std::string TakeReason() { return std::move(reason_); }

 private:
  bool ReadRequest() {
    std::string_view rest = bytes_;
    ProtoField field;
    while (NextField(&rest, &field)) {
      if (field.number != otlp::kRequestResourceSpans || !field.is_bytes()) continue;
      if (!ReadResourceSpans(field.bytes)) return false;
    }
    return AtEnd(rest, "request");
  }

  bool ReadResourceSpans(std::string_view message) {
    const size_t scopes_before = chunk_->scopes.size();
    if (!GrowIfFull(&chunk_->resources)) return false;
    chunk_->resources.emplace_back();
    bool has_scope_spans = false;
    bool has_deprecated = false;
    std::string_view rest = message;
    ProtoField field;
    while (NextField(&rest, &field)) {
      if (!field.is_bytes()) continue;
      switch (field.number) {
        case otlp::kResourceSpansResource:
          if (!ReadResource(field.bytes)) return false;
          break;
        case otlp::kResourceSpansScopeSpans:
          has_scope_spans = true;
          if (!ReadScopeSpans(field.bytes)) return false;
          break;
        case otlp::kResourceSpansSchemaUrl:
          chunk_->resources.back().schema_url = RangeOf(field.bytes);
          break;
        case kDeprecatedScopeSpans:
          has_deprecated = true;
          break;
        default:
          break;
      }
    }
    if (!AtEnd(rest, "resource_spans")) return false;
    if (has_deprecated && !has_scope_spans && !ReadDeprecated(message)) return false;
    if (chunk_->scopes.size() == scopes_before) chunk_->resources.pop_back();
    return true;
  }

  bool ReadDeprecated(std::string_view resource_spans) {
    deprecated_ = true;
    ProtoField field;
    while (NextField(&resource_spans, &field)) {
      if (field.number != kDeprecatedScopeSpans || !field.is_bytes()) continue;
      if (!ReadScopeSpans(field.bytes)) return false;
    }
    return true;
  }

  bool ReadResource(std::string_view message) {
    span::ResourceEntry& entry = chunk_->resources.back();
    if (entry.present) return Fail(message.data(), "resource_spans.resource", "given twice");
    entry.present = true;
    entry.message = RangeOf(message);
    std::string_view rest = message;
    ProtoField field;
    while (NextField(&rest, &field)) {
      if (!field.is_bytes()) continue;
      if (field.number == otlp::kResourceAttributes &&
          !CheckAttribute(field.bytes, "resource.attributes")) {
        return false;
      }
      if (field.number == otlp::kResourceEntityRefs &&
          !CheckParts(field.bytes, kNoAttributes, "resource.entity_refs")) {
        return false;
      }
    }
    if (!AtEnd(rest, "resource")) return false;
    const auto service = span::FindAttribute({message, otlp::kResourceAttributes}, "service.name");
    if (service && service->type() == span::ValueType::kString) {
      entry.service_name = RangeOf(service->bytes());
    }
    return true;
  }

  bool ReadScopeSpans(std::string_view message) {
    const size_t spans_before = chunk_->spans.size();
    if (!GrowIfFull(&chunk_->scopes)) return false;
    const size_t scope = chunk_->scopes.size();
    chunk_->scopes.emplace_back().resource = static_cast<uint32_t>(chunk_->resources.size() - 1);
    std::string_view rest = message;
    ProtoField field;
    while (NextField(&rest, &field)) {
      if (!field.is_bytes()) continue;
      switch (field.number) {
        case otlp::kScopeSpansScope:
          if (!ReadScope(field.bytes)) return false;
          break;
        case otlp::kScopeSpansSpans:
          if (!ReadSpan(field.bytes, static_cast<uint32_t>(scope))) return false;
          break;
        case otlp::kScopeSpansSchemaUrl:
          chunk_->scopes.back().schema_url = RangeOf(field.bytes);
          break;
        default:
          break;
      }
    }
    if (chunk_->spans.size() == spans_before) chunk_->scopes.pop_back();
    return AtEnd(rest, "scope_spans");
  }

  bool ReadScope(std::string_view message) {
    span::ScopeEntry& entry = chunk_->scopes.back();
    if (entry.present) return Fail(message.data(), "scope_spans.scope", "given twice");
    entry.present = true;
    entry.message = RangeOf(message);
    ProtoField field;
    while (NextField(&message, &field)) {
      if (field.number == otlp::kScopeAttributes && field.is_bytes() &&
          !CheckAttribute(field.bytes, "scope.attributes")) {
        return false;
      }
    }
    return AtEnd(message, "scope");
  }

  bool ReadSpan(std::string_view message, uint32_t scope) {
    span::SpanEntry entry;
    entry.message = RangeOf(message);
    entry.scope = scope;
    std::string_view trace_id;
    std::string_view span_id;
    std::string_view parent_id;
    bool has_status = false;
    ProtoField field;
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

  static void ReadScalar(const ProtoField& field, span::SpanEntry* entry) {
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
    ProtoField field;
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
    if (!GrowIfFull(&chunk_->spans)) return false;
    chunk_->spans.push_back(*entry);
    return true;
  }

  // Leaves the span out. True, since the rest of the request is still good.
  bool Reject(const span::SpanEntry& entry, std::string_view why) {
    if (rejected_++ == 0) {
      reason_ = fmt::format("span \"{}\": {}", Printable(entry.name.In(bytes_)), why);
    }
    return true;
  }

  // Messages that are flat but for their attributes, if they have any.
  bool CheckParts(std::string_view message, uint32_t attributes_field, std::string_view name) {
    ProtoField field;
    while (NextField(&message, &field)) {
      if (field.number == attributes_field && field.is_bytes() &&
          !CheckAttribute(field.bytes, name)) {
        return false;
      }
    }
    return AtEnd(message, name);
  }

  bool CheckAttribute(std::string_view key_value, std::string_view name) {
    if (CheckKeyValue(key_value, &problem_)) return true;
    problem_.field = name;
    return false;
  }

  // Reserves the bytes of the next growth of an index vector, so that small messages cannot make an
  // index that nobody counted.
  template <typename Entry>
  bool GrowIfFull(std::vector<Entry>* entries) {
    if (entries->size() < entries->capacity()) return true;
    const size_t more = std::max<size_t>(4, entries->size());
    if (chunk_->reservation.bytes() > 0 && !chunk_->reservation.TryGrow(more * sizeof(Entry))) {
      over_budget_ = true;
      return false;
    }
    entries->reserve(entries->size() + more);
    return true;
  }

  ByteRange RangeOf(std::string_view part) const {
    return {static_cast<uint32_t>(part.data() - bytes_.data()), static_cast<uint32_t>(part.size())};
  }

  bool AtEnd(std::string_view rest, std::string_view name) {
    return rest.empty() || Fail(rest.data(), name, "malformed protobuf");
  }

  bool Fail(const char* at, std::string_view name, std::string_view reason) {
    problem_ = {at, name, reason};
    return false;
  }

  const std::string_view bytes_;
  span::SpanChunk* const chunk_;
  Problem problem_;
  bool over_budget_ = false;
  bool deprecated_ = false;
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
