// SPDX-License-Identifier: Apache-2.0
#include "span/edit/span_editor.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "proto/field_reader.h"
#include "proto/writer.h"
#include "span/span_view.h"

namespace spandrel::span {
namespace {

using proto::NestedMessage;
using proto::NextField;

using ChunkPtr = std::shared_ptr<const SpanChunk>;

base::Status NoMemory() {
  return base::Status::Unavailable("no memory left to edit the spans", std::chrono::seconds(1));
}

// The request that a chunk which is not whole stands for. Spans keep their order.
class RequestWriter {
 public:
  explicit RequestWriter(const SpanChunk& chunk) : chunk_(chunk), writer_(&request_) {}

  // At least what Write takes.
  static size_t MaxBytes(const SpanChunk& chunk) {
    static constexpr size_t kFramingBytes = 16;
    size_t bytes = 0;
    uint32_t scope = kNone;
    for (const SpanEntry& span : chunk.spans) {
      bytes += span.message.size + kFramingBytes;
      if (std::exchange(scope, span.scope) == span.scope) continue;
      const ScopeEntry& entry = chunk.scopes[span.scope];
      const ResourceEntry& resource = chunk.resources[entry.resource];
      bytes += entry.message.size + entry.schema_url.size + resource.message.size +
               resource.schema_url.size + 6 * kFramingBytes;
    }
    return bytes;
  }

  std::string Write() {
    request_.reserve(MaxBytes(chunk_));
    for (size_t at = 0; at < chunk_.spans.size();) at = WriteResourceGroup(at);
    return std::move(request_);
  }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};

  const ScopeEntry& ScopeOf(size_t span) const { return chunk_.scopes[chunk_.spans[span].scope]; }

  size_t WriteResourceGroup(size_t at) {
    const uint32_t index = ScopeOf(at).resource;
    const ResourceEntry& resource = chunk_.resources[index];
    const NestedMessage group(writer_, otlp::kRequestResourceSpans);
    if (resource.present) {
      writer_.Bytes(otlp::kResourceSpansResource, resource.message.In(chunk_.bytes()));
    }
    while (at < chunk_.spans.size() && ScopeOf(at).resource == index) at = WriteScopeGroup(at);
    WriteUrl(otlp::kResourceSpansSchemaUrl, resource.schema_url);
    return at;
  }

  size_t WriteScopeGroup(size_t at) {
    const uint32_t index = chunk_.spans[at].scope;
    const ScopeEntry& scope = chunk_.scopes[index];
    const NestedMessage group(writer_, otlp::kResourceSpansScopeSpans);
    if (scope.present) writer_.Bytes(otlp::kScopeSpansScope, scope.message.In(chunk_.bytes()));
    for (; at < chunk_.spans.size() && chunk_.spans[at].scope == index; ++at) {
      writer_.Bytes(otlp::kScopeSpansSpans, chunk_.spans[at].message.In(chunk_.bytes()));
    }
    WriteUrl(otlp::kScopeSpansSchemaUrl, scope.schema_url);
    return at;
  }

  void WriteUrl(uint32_t field, base::ByteRange url) {
    if (url.size > 0) writer_.Bytes(field, url.In(chunk_.bytes()));
  }

  const SpanChunk& chunk_;
  std::string request_;
  proto::Writer writer_;
};

std::string_view FindName(std::string_view span) {
  std::string_view name = span.substr(0, 0);
  for (proto::Field field; NextField(&span, &field);) {
    if (field.number == otlp::kSpanName && field.is_bytes()) name = field.bytes;
  }
  return name;
}

// Makes the index of an edited request from that of the chunk which it was made from: the edit
// changes neither ids nor times, so only where things lie has to be found again.
class Reindexer {
 public:
  Reindexer(const SpanChunk& source, const std::vector<uint32_t>& dropped, SpanChunk* target)
      : source_(source),
        next_dropped_(dropped.begin()),
        dropped_end_(dropped.end()),
        target_(target) {}

  void Run() {
    std::string_view rest = target_->bytes();
    for (proto::Field field; NextField(&rest, &field);) {
      if (field.number == otlp::kRequestResourceSpans && field.is_bytes()) {
        AddResourceGroup(field.bytes);
      }
    }
  }

 private:
  void AddResourceGroup(std::string_view group) {
    const size_t scopes_before = target_->scopes.size();
    target_->resources.emplace_back();
    for (proto::Field field; NextField(&group, &field);) {
      if (!field.is_bytes()) continue;
      ResourceEntry& entry = target_->resources.back();
      if (field.number == otlp::kResourceSpansResource) FillResource(field.bytes, &entry);
      if (field.number == otlp::kResourceSpansSchemaUrl) entry.schema_url = RangeOf(field.bytes);
      if (field.number == otlp::kResourceSpansScopeSpans) AddScopeGroup(field.bytes);
    }
    if (target_->scopes.size() == scopes_before) target_->resources.pop_back();
  }

  void FillResource(std::string_view message, ResourceEntry* entry) {
    entry->present = true;
    entry->message = RangeOf(message);
    const auto service = FindAttribute({message, otlp::kResourceAttributes}, "service.name");
    if (service && service->type() == ValueType::kString) {
      entry->service_name = RangeOf(service->bytes());
    }
  }

  void AddScopeGroup(std::string_view group) {
    const size_t spans_before = target_->spans.size();
    const auto scope = static_cast<uint32_t>(target_->scopes.size());
    target_->scopes.emplace_back().resource = static_cast<uint32_t>(target_->resources.size() - 1);
    for (proto::Field field; NextField(&group, &field);) {
      if (!field.is_bytes()) continue;
      ScopeEntry& entry = target_->scopes.back();
      if (field.number == otlp::kScopeSpansScope) {
        entry.present = true;
        entry.message = RangeOf(field.bytes);
      }
      if (field.number == otlp::kScopeSpansSchemaUrl) entry.schema_url = RangeOf(field.bytes);
      if (field.number == otlp::kScopeSpansSpans) AddSpan(field.bytes, scope);
    }
    if (target_->spans.size() == spans_before) target_->scopes.pop_back();
  }

  void AddSpan(std::string_view message, uint32_t scope) {
    while (next_dropped_ != dropped_end_ && *next_dropped_ == next_source_) {
      ++next_dropped_;
      ++next_source_;
    }
    const SpanEntry& source = source_.spans[next_source_++];
    SpanEntry& entry = target_->spans.emplace_back(source);
    entry.scope = scope;
    entry.message = RangeOf(message);
    entry.name = NameRange(message, source);
  }

  base::ByteRange NameRange(std::string_view message, const SpanEntry& source) const {
    const base::ByteRange old = source.message;
    const bool name_inside =
        source.name.offset >= old.offset &&
        uint64_t{source.name.offset} + source.name.size <= uint64_t{old.offset} + old.size;
    if (name_inside && message == old.In(source_.bytes())) {
      return {RangeOf(message).offset + (source.name.offset - old.offset), source.name.size};
    }
    return RangeOf(FindName(message));
  }

  base::ByteRange RangeOf(std::string_view part) const {
    return {static_cast<uint32_t>(part.data() - target_->bytes().data()),
            static_cast<uint32_t>(part.size())};
  }

  const SpanChunk& source_;
  std::vector<uint32_t>::const_iterator next_dropped_;
  const std::vector<uint32_t>::const_iterator dropped_end_;
  uint32_t next_source_ = 0;
  SpanChunk* const target_;
};

size_t IndexBytes(size_t spans, size_t scopes, size_t resources) {
  return spans * sizeof(SpanEntry) + scopes * sizeof(ScopeEntry) +
         resources * sizeof(ResourceEntry);
}

// The chunk of an edited request.
base::Result<ChunkPtr> MakeChunk(const SpanChunk& source, EditedRequest&& edited) {
  auto chunk = std::make_shared<SpanChunk>();
  chunk->buffer = base::MakeSharedBytes(std::move(edited.bytes));
  chunk->reservation = std::move(edited.reserved);
  // An edit makes no spans, but of a chunk that was not whole every run of spans becomes a group.
  const size_t groups = source.whole ? source.scopes.size() : source.spans.size();
  const size_t buffer_bytes = chunk->reservation.bytes();
  if (!chunk->reservation.TryGrow(IndexBytes(source.spans.size(), groups, groups)))
    return NoMemory();
  chunk->spans.reserve(source.spans.size());
  Reindexer(source, edited.dropped, chunk.get()).Run();
  const size_t needed = buffer_bytes + IndexBytes(chunk->spans.capacity(), chunk->scopes.capacity(),
                                                  chunk->resources.capacity());
  if (needed < chunk->reservation.bytes()) {
    chunk->reservation.Shrink(chunk->reservation.bytes() - needed);
  }
  chunk->whole = true;
  return ChunkPtr(std::move(chunk));
}

base::Result<ChunkPtr> EditChunk(const ChunkPtr& chunk, const RequestEdit& edit,
                                 base::ByteBudget& memory, const EditLimits& limits,
                                 EditCounts* counts) {
  std::string assembled;
  base::ByteBudget::Reservation assembled_bytes;
  if (!chunk->whole) {
    const size_t bytes = RequestWriter::MaxBytes(*chunk);
    if (!memory.TryReserve(bytes, &assembled_bytes)) return NoMemory();
    assembled = RequestWriter(*chunk).Write();
  }
  auto edited = EditRequest(chunk->whole ? chunk->bytes() : std::string_view(assembled), kSpanShape,
                            edit, memory, limits);
  if (!edited.ok()) return edited.status();
  counts->Add(edited->counts);
  if (!edited->changed) return chunk;
  return MakeChunk(*chunk, std::move(*edited));
}

}  // namespace

base::Result<EditedSpans> EditSpans(const SpanBatch& batch, const RequestEdit& edit,
                                    base::ByteBudget& memory, const EditLimits& limits) {
  EditedSpans edited;
  for (const ChunkPtr& chunk : batch.chunks()) {
    auto result = EditChunk(chunk, edit, memory, limits, &edited.counts);
    if (!result.ok()) return result.status();
    edited.batch.Append(std::move(*result));
  }
  edited.batch.set_origin(batch.origin());
  return edited;
}

}  // namespace spandrel::span
