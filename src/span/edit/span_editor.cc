// SPDX-License-Identifier: Apache-2.0
#include "span/edit/span_editor.h"

#include <string_view>
#include <utility>

#include "span/edit/chunk_editor.h"

namespace spandrel::span {
namespace {

struct SpanTraits {
  using Chunk = SpanChunk;
  using Entry = SpanEntry;
  static constexpr RecordShape kShape = kSpanShape;

  static const std::vector<SpanEntry>& Entries(const SpanChunk& chunk) { return chunk.spans; }
  static std::vector<SpanEntry>& Entries(SpanChunk& chunk) { return chunk.spans; }

  // The name of a message at `offset`.
  static void Fill(std::string_view message, uint32_t offset, SpanEntry* entry) {
    entry->name = {offset, 0};
    const char* const begin = message.data();
    for (proto::Field field; proto::NextField(&message, &field);) {
      if (field.number != otlp::kSpanName || !field.is_bytes()) continue;
      entry->name = {offset + static_cast<uint32_t>(field.bytes.data() - begin),
                     static_cast<uint32_t>(field.bytes.size())};
    }
  }
  // The message is the same, so its name has the place in it that it had; unless the source keeps
  // names elsewhere.
  static void Move(const SpanEntry& source, std::string_view source_bytes, SpanEntry* entry) {
    const uint64_t name_end = uint64_t{source.name.offset} + source.name.size;
    const uint64_t message_end = uint64_t{source.message.offset} + source.message.size;
    if (source.name.offset < source.message.offset || name_end > message_end) {
      return Fill(source.message.In(source_bytes), entry->message.offset, entry);
    }
    entry->name.offset = entry->message.offset + (source.name.offset - source.message.offset);
  }
};

}  // namespace

base::Result<EditedSpans> EditSpans(const SpanBatch& batch, const RequestEdit& edit,
                                    base::ByteBudget& memory, const EditLimits& limits) {
  ChunkEditor<SpanTraits> editor(edit, memory, limits);
  EditedSpans edited;
  for (const auto& chunk : batch.chunks()) {
    auto result = editor.Run(chunk);
    if (!result.ok()) return result.status();
    edited.batch.Append(std::move(*result));
  }
  edited.batch.set_origin(batch.origin());
  edited.counts = editor.counts();
  return edited;
}

}  // namespace spandrel::span
