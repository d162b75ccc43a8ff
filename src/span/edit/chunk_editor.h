// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_budget.h"
#include "base/status.h"
#include "proto/field_reader.h"
#include "proto/writer.h"
#include "span/edit/request_editor.h"
#include "span/span_view.h"

// How a chunk of any signal is edited: what span_editor.h and the editor of metrics and logs share.
// `Traits` says what is not the same: the types `Chunk` and `Entry`, `kShape`, `Entries(chunk)`,
// and `Fill`, which sets what an index entry knows of a message beside its place.
namespace spandrel::span {

// The request that a chunk which is not whole stands for. Records keep their order.
template <typename Traits>
class ChunkWriter {
 public:
  using Chunk = typename Traits::Chunk;

  explicit ChunkWriter(const Chunk& chunk) : chunk_(chunk), writer_(&request_) {}

  // At least what Write takes.
  static size_t MaxBytes(const Chunk& chunk) {
    size_t bytes = 0;
    const ScopeEntry* scope = nullptr;
    for (const auto& record : Traits::Entries(chunk)) {
      const ScopeEntry& own = chunk.scopes[record.scope];
      bytes += record.message.size + kFramingBytes;
      if (std::exchange(scope, &own) == &own) continue;
      const ResourceEntry& resource = chunk.resources[own.resource];
      bytes += own.message.size + own.schema_url.size + resource.message.size +
               resource.schema_url.size + 6 * kFramingBytes;
    }
    return bytes;
  }

  std::string Write() {
    request_.reserve(MaxBytes(chunk_));
    for (size_t at = 0; at < Traits::Entries(chunk_).size();) at = WriteResourceGroup(at);
    return std::move(request_);
  }

 private:
  static constexpr size_t kFramingBytes = 16;

  const auto& record(size_t at) const { return Traits::Entries(chunk_)[at]; }
  size_t count() const { return Traits::Entries(chunk_).size(); }
  const ScopeEntry& ScopeOf(size_t at) const { return chunk_.scopes[record(at).scope]; }

  size_t WriteResourceGroup(size_t at) {
    const uint32_t index = ScopeOf(at).resource;
    const ResourceEntry& resource = chunk_.resources[index];
    const proto::NestedMessage group(writer_, otlp::kRequestResourceSpans);
    if (resource.present) {
      writer_.Bytes(otlp::kResourceSpansResource, resource.message.In(chunk_.bytes()));
    }
    while (at < count() && ScopeOf(at).resource == index) at = WriteScopeGroup(at);
    WriteUrl(otlp::kResourceSpansSchemaUrl, resource.schema_url);
    return at;
  }

  size_t WriteScopeGroup(size_t at) {
    const uint32_t index = record(at).scope;
    const ScopeEntry& scope = chunk_.scopes[index];
    const proto::NestedMessage group(writer_, otlp::kResourceSpansScopeSpans);
    if (scope.present) writer_.Bytes(otlp::kScopeSpansScope, scope.message.In(chunk_.bytes()));
    for (; at < count() && record(at).scope == index; ++at) {
      writer_.Bytes(otlp::kScopeSpansSpans, record(at).message.In(chunk_.bytes()));
    }
    WriteUrl(otlp::kScopeSpansSchemaUrl, scope.schema_url);
    return at;
  }

  void WriteUrl(uint32_t field, base::ByteRange url) {
    if (url.size > 0) writer_.Bytes(field, url.In(chunk_.bytes()));
  }

  const Chunk& chunk_;
  std::string request_;
  proto::Writer writer_;
};

// Makes the index of an edited request from that of the chunk which it was made from: what an entry
// knows that an edit does not change, ids and times, is taken over, and where things lie is found
// again.
template <typename Traits>
class ChunkIndexer {
 public:
  using Chunk = typename Traits::Chunk;

  ChunkIndexer(const Chunk& source, const std::vector<uint32_t>& dropped, Chunk* target)
      : source_(source),
        next_dropped_(dropped.begin()),
        dropped_end_(dropped.end()),
        target_(target) {}

  void Run() {
    std::string_view rest = target_->bytes();
    for (proto::Field field; proto::NextField(&rest, &field);) {
      if (field.number == otlp::kRequestResourceSpans && field.is_bytes()) {
        AddResourceGroup(field.bytes);
      }
    }
  }

 private:
  void AddResourceGroup(std::string_view group) {
    const size_t scopes_before = target_->scopes.size();
    target_->resources.emplace_back();
    for (proto::Field field; proto::NextField(&group, &field);) {
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
    const size_t records_before = Traits::Entries(*target_).size();
    const auto scope = static_cast<uint32_t>(target_->scopes.size());
    target_->scopes.emplace_back().resource = static_cast<uint32_t>(target_->resources.size() - 1);
    for (proto::Field field; proto::NextField(&group, &field);) {
      if (!field.is_bytes()) continue;
      ScopeEntry& entry = target_->scopes.back();
      if (field.number == otlp::kScopeSpansScope) {
        entry.present = true;
        entry.message = RangeOf(field.bytes);
      }
      if (field.number == otlp::kScopeSpansSchemaUrl) entry.schema_url = RangeOf(field.bytes);
      if (field.number == otlp::kScopeSpansSpans) AddRecord(field.bytes, scope);
    }
    if (Traits::Entries(*target_).size() == records_before) target_->scopes.pop_back();
  }

  void AddRecord(std::string_view message, uint32_t scope) {
    while (next_dropped_ != dropped_end_ && *next_dropped_ == next_source_) {
      ++next_dropped_;
      ++next_source_;
    }
    const auto& source = Traits::Entries(source_)[next_source_++];
    auto& entry = Traits::Entries(*target_).emplace_back(source);
    entry.scope = scope;
    entry.message = RangeOf(message);
    if (message != source.message.In(source_.bytes())) {
      Traits::Fill(message, entry.message.offset, &entry);
    } else {
      Traits::Move(source, source_.bytes(), &entry);
    }
  }

  base::ByteRange RangeOf(std::string_view part) const {
    return {static_cast<uint32_t>(part.data() - target_->bytes().data()),
            static_cast<uint32_t>(part.size())};
  }

  const Chunk& source_;
  std::vector<uint32_t>::const_iterator next_dropped_;
  const std::vector<uint32_t>::const_iterator dropped_end_;
  uint32_t next_source_ = 0;
  Chunk* const target_;
};

template <typename Traits>
class ChunkEditor {
 public:
  using Chunk = typename Traits::Chunk;
  using ChunkPtr = std::shared_ptr<const Chunk>;

  ChunkEditor(const RequestEdit& edit, base::ByteBudget& memory, const EditLimits& limits)
      : edit_(edit), memory_(memory), limits_(limits) {}

  // The chunk itself when nothing changes in it.
  base::Result<ChunkPtr> Run(const ChunkPtr& chunk) {
    std::string assembled;
    base::ByteBudget::Reservation assembled_bytes;
    if (!chunk->whole) {
      if (!memory_.TryReserve(ChunkWriter<Traits>::MaxBytes(*chunk), &assembled_bytes)) {
        return NoMemory();
      }
      assembled = ChunkWriter<Traits>(*chunk).Write();
    }
    auto edited = EditRequest(chunk->whole ? chunk->bytes() : std::string_view(assembled),
                              Traits::kShape, edit_, memory_, limits_);
    if (!edited.ok()) return edited.status();
    counts_.Add(edited->counts);
    if (!edited->changed) return chunk;
    return MakeChunk(*chunk, std::move(*edited));
  }

  const EditCounts& counts() const { return counts_; }

 private:
  static base::Status NoMemory() {
    return base::Status::Unavailable("no memory left to edit the batch", std::chrono::seconds(1));
  }

  static size_t IndexBytes(size_t records, size_t scopes, size_t resources) {
    return records * sizeof(typename Traits::Entry) + scopes * sizeof(ScopeEntry) +
           resources * sizeof(ResourceEntry);
  }

  base::Result<ChunkPtr> MakeChunk(const Chunk& source, EditedRequest&& edited) {
    auto chunk = std::make_shared<Chunk>();
    chunk->buffer = base::MakeSharedBytes(std::move(edited.bytes));
    chunk->reservation = std::move(edited.reserved);
    // An edit makes no records, but of a chunk that was not whole every run of them becomes a
    // group.
    const size_t records = Traits::Entries(source).size();
    const size_t groups = source.whole ? source.scopes.size() : records;
    const size_t buffer_bytes = chunk->reservation.bytes();
    if (!chunk->reservation.TryGrow(IndexBytes(records, groups, groups))) return NoMemory();
    Traits::Entries(*chunk).reserve(records);
    ChunkIndexer<Traits>(source, edited.dropped, chunk.get()).Run();
    const size_t needed =
        buffer_bytes + IndexBytes(Traits::Entries(*chunk).capacity(), chunk->scopes.capacity(),
                                  chunk->resources.capacity());
    if (needed < chunk->reservation.bytes()) {
      chunk->reservation.Shrink(chunk->reservation.bytes() - needed);
    }
    chunk->whole = true;
    return ChunkPtr(std::move(chunk));
  }

  const RequestEdit& edit_;
  base::ByteBudget& memory_;
  const EditLimits limits_;
  EditCounts counts_;
};

}  // namespace spandrel::span
