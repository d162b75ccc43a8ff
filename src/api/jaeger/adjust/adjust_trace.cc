// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/adjust/adjust_trace.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/jaeger/adjust/shared_ids.h"
#include "proto/field_reader.h"
#include "proto/otlp.h"
#include "proto/writer.h"
#include "span/edit/attribute_list.h"
#include "span/span_view.h"
#include "wire/jaeger/jaeger_model.h"

namespace spandrel::api {
namespace {

namespace otlp = proto::otlp;
using span::SpanChunk;
using span::SpanRef;
using span::ValueType;

constexpr std::array<std::string_view, 2> kAddresses = {"ip", "peer.ipv4"};
constexpr std::array<std::string_view, 5> kLibrary = {
    "telemetry.distro.name", "telemetry.distro.version", "telemetry.sdk.language",
    "telemetry.sdk.name", "telemetry.sdk.version"};

template <size_t kSize>
bool IsAmong(const std::array<std::string_view, kSize>& keys, std::string_view key) {
  for (const std::string_view one : keys) {
    if (one == key) return true;
  }
  return false;
}

// What a span's attributes may need; most spans need nothing.
bool NeedsAttributes(const SpanRef& ref) {
  span::AttributeReader attributes = ref.span().attributes();
  while (const auto attribute = attributes.Next()) {
    if (IsAmong(kLibrary, attribute->key)) return true;
    if (attribute->value.type() == ValueType::kInt && IsAmong(kAddresses, attribute->key)) {
      return true;
    }
  }
  return false;
}

std::string AddressText(int64_t number) {
  const auto bits = static_cast<uint32_t>(number);
  return fmt::format("{}.{}.{}.{}", bits >> 24, bits >> 16 & 255, bits >> 8 & 255, bits & 255);
}

// An AnyValue of a list of texts.
std::string ListMessage(const std::vector<std::string>& texts) {
  std::string message;
  proto::Writer writer(&message);
  const size_t list = writer.Open(otlp::kAnyValueArray);
  for (const std::string& text : texts) {
    const size_t value = writer.Open(otlp::kListValues);
    writer.Bytes(otlp::kAnyValueString, text);
    writer.Close(value);
  }
  writer.Close(list);
  return message;
}

// What spans move to their resource, as AnyValue messages by key.
using Moved = std::map<std::string, std::string, std::less<>>;

// Writes one chunk anew: its index over a buffer of its own.
class ChunkAdjuster {
 public:
  // `first` is the place of the chunk's first span in the trace.
  ChunkAdjuster(const SpanChunk& source, size_t first, const std::map<size_t, NewIds>& new_ids)
      : source_(source), first_(first), new_ids_(new_ids), moved_(source.resources.size()) {}

  static bool IsNeeded(const SpanChunk& chunk, size_t first,
                       const std::map<size_t, NewIds>& new_ids) {
    const auto next = new_ids.lower_bound(first);
    if (next != new_ids.end() && next->first < first + chunk.spans.size()) return true;
    for (size_t i = 0; i < chunk.spans.size(); ++i) {
      if (NeedsAttributes(SpanRef(chunk, i))) return true;
    }
    return false;
  }

  std::shared_ptr<SpanChunk> Run() {
    auto chunk = std::make_shared<SpanChunk>();
    for (size_t i = 0; i < source_.spans.size(); ++i) chunk->spans.push_back(Span(i));
    for (const span::ScopeEntry& scope : source_.scopes) {
      chunk->scopes.push_back(
          {scope.resource, Copy(scope.message), Copy(scope.schema_url), scope.present});
    }
    for (size_t i = 0; i < source_.resources.size(); ++i) {
      chunk->resources.push_back(Resource(i));
    }
    chunk->buffer = base::MakeSharedBytes(std::move(bytes_));
    return chunk;
  }

 private:
  base::ByteRange Append(std::string_view bytes) {
    const auto offset = static_cast<uint32_t>(bytes_.size());
    bytes_ += bytes;
    return {offset, static_cast<uint32_t>(bytes.size())};
  }
  base::ByteRange Copy(base::ByteRange range) { return Append(range.In(source_.bytes())); }

  span::SpanEntry Span(size_t index) {
    const SpanRef ref(source_, index);
    span::SpanEntry entry = ref.entry();
    const auto ids = new_ids_.find(first_ + index);
    const bool has_ids = ids != new_ids_.end();
    if (has_ids && ids->second.id) entry.span_id = *ids->second.id;
    if (has_ids && ids->second.parent) entry.parent_span_id = *ids->second.parent;
    entry.name = Append(ref.name());
    const bool is_same = !has_ids && !NeedsAttributes(ref);
    entry.message = is_same ? Copy(ref.entry().message) : Append(Message(ref, entry));
    return entry;
  }

  // The span's message with the ids of `entry`.
  std::string Message(const SpanRef& ref, const span::SpanEntry& entry) {
    attributes_.Load(ref.message(), otlp::kSpanAttributes);
    ChangeAttributes(ref, entry.span_id != ref.entry().span_id);
    std::string message;
    proto::Writer writer(&message);
    size_t attribute = 0;
    std::string_view rest = ref.message();
    const char* start = rest.data();
    for (proto::Field field; proto::NextField(&rest, &field); start = rest.data()) {
      if (field.number == otlp::kSpanSpanId || field.number == otlp::kSpanParentSpanId) continue;
      if (field.number == otlp::kSpanAttributes && field.is_bytes()) {
        attributes_.WriteLoaded(attribute++, &writer);
        continue;
      }
      writer.Raw({start, static_cast<size_t>(rest.data() - start)});
    }
    attributes_.WriteAdded(&writer);
    writer.Bytes(otlp::kSpanSpanId, entry.span_id.view());
    if (!entry.parent_span_id.IsZero()) {
      writer.Bytes(otlp::kSpanParentSpanId, entry.parent_span_id.view());
    }
    return message;
  }

  void ChangeAttributes(const SpanRef& ref, bool has_new_id) {
    const auto sent = attributes_.Find(wire::kJaegerWarnings);
    auto warnings = sent ? wire::JaegerWarningsOf(*sent) : std::vector<std::string>();
    const size_t had = warnings.size();
    if (has_new_id) {
      warnings.push_back(fmt::format("this server span was sent with the id {} of its client's",
                                     ref.entry().span_id.ToHex()));
    }
    attributes_.Replace([](std::string_view key, const span::ValueView& value) {
      return value.type() == ValueType::kInt && IsAmong(kAddresses, key)
                 ? std::optional(AddressText(value.as_int()))
                 : std::nullopt;
    });
    for (const std::string_view key : kLibrary) MoveToResource(ref, key, &warnings);
    if (warnings.size() > had) {
      attributes_.SetMessage(wire::kJaegerWarnings, ListMessage(warnings));
    }
  }

  void MoveToResource(const SpanRef& ref, std::string_view key,
                      std::vector<std::string>* warnings) {
    const auto message = attributes_.FindMessage(key);
    if (!message) return;
    const auto there = span::FindAttribute(ref.resource().attributes(), key);
    Moved& moved = moved_[ref.scope_entry().resource];
    const bool is_other =
        there ? *there != span::ValueView::FromMessage(*message)
              : moved.try_emplace(std::string(key), *message).first->second != *message;
    if (is_other) {
      warnings->push_back(fmt::format("the resource has another value of {}", key));
    } else {
      attributes_.Erase(key);
    }
  }

  span::ResourceEntry Resource(size_t index) {
    const span::ResourceEntry& source = source_.resources[index];
    std::string message(source.message.In(source_.bytes()));
    proto::Writer writer(&message);
    for (const auto& [key, value] : moved_[index]) {
      const size_t attribute = writer.Open(otlp::kResourceAttributes);
      writer.Bytes(otlp::kKeyValueKey, key);
      writer.Bytes(otlp::kKeyValueValue, value);
      writer.Close(attribute);
    }
    span::ResourceEntry entry;
    entry.message = Append(message);
    entry.schema_url = Copy(source.schema_url);
    entry.service_name = Copy(source.service_name);
    entry.present = source.present || !moved_[index].empty();
    return entry;
  }

  const SpanChunk& source_;
  const size_t first_;
  const std::map<size_t, NewIds>& new_ids_;
  std::vector<Moved> moved_;  // by resource
  span::AttributeList attributes_;
  std::string bytes_;
};

}  // namespace

base::Result<span::SpanBatch> AdjustTrace(const storage::QueryContext& context,
                                          span::SpanBatch trace) {
  const std::map<size_t, NewIds> new_ids = SeparateSharedIds(trace);
  span::SpanBatch adjusted;
  size_t first = 0;
  for (const auto& chunk : trace.chunks()) {
    if (!ChunkAdjuster::IsNeeded(*chunk, first, new_ids)) {
      adjusted.Append(chunk);
    } else {
      auto reservation = context.ReserveApart(2 * chunk->bytes().size());
      if (!reservation.ok()) return reservation.status();
      std::shared_ptr<SpanChunk> changed = ChunkAdjuster(*chunk, first, new_ids).Run();
      changed->reservation = *std::move(reservation);
      adjusted.Append(std::move(changed));
    }
    first += chunk->spans.size();
  }
  return adjusted;
}

query::TraceVisitor Adjusted(const storage::QueryContext& context, bool raw,
                             query::TraceVisitor visit) {
  if (raw) return visit;
  return [&context, visit = std::move(visit)](query::LoadedTrace&& trace) -> base::Status {
    auto adjusted = AdjustTrace(context, std::move(trace.spans));
    if (!adjusted.ok()) return adjusted.status();
    return visit({trace.trace_id, *std::move(adjusted)});
  };
}

}  // namespace spandrel::api
