// SPDX-License-Identifier: Apache-2.0
#include "signal/edit/record_editor.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "proto/field_reader.h"
#include "span/edit/chunk_editor.h"

namespace spandrel::signal {
namespace {

uint32_t CountMessages(std::string_view message, uint32_t number) {
  uint32_t count = 0;
  for (proto::Field field; proto::NextField(&message, &field);) {
    count += field.number == number && field.is_bytes() ? 1 : 0;
  }
  return count;
}

uint32_t CountDataPoints(std::string_view metric) {
  uint32_t points = 0;
  for (proto::Field field; proto::NextField(&metric, &field);) {
    if (!field.is_bytes()) continue;
    const auto part = std::find_if(span::kMetricParts.begin(), span::kMetricParts.end(),
                                   [&](const auto& it) { return it.field == field.number; });
    if (part != span::kMetricParts.end()) points += CountMessages(field.bytes, part->inner);
  }
  return points;
}

template <Signal kSignal>
struct RecordTraits {
  using Chunk = RecordChunk;
  using Entry = RecordEntry;
  static constexpr span::RecordShape kShape =
      kSignal == Signal::kMetrics ? span::kMetricShape : span::kLogShape;

  static const std::vector<RecordEntry>& Entries(const RecordChunk& chunk) { return chunk.records; }
  static std::vector<RecordEntry>& Entries(RecordChunk& chunk) { return chunk.records; }

  static void Fill(std::string_view message, uint32_t, RecordEntry* entry) {
    entry->items = kSignal == Signal::kMetrics ? CountDataPoints(message) : 1;
  }
  static void Move(const RecordEntry&, std::string_view, RecordEntry*) {}
};

template <Signal kSignal>
base::Result<EditedRecords<RecordBatch<kSignal>>> Edit(const RecordBatch<kSignal>& batch,
                                                       const span::RequestEdit& edit,
                                                       base::ByteBudget& memory,
                                                       const span::EditLimits& limits) {
  span::ChunkEditor<RecordTraits<kSignal>> editor(edit, memory, limits);
  EditedRecords<RecordBatch<kSignal>> edited;
  for (const auto& chunk : batch.chunks()) {
    auto result = editor.Run(chunk);
    if (!result.ok()) return result.status();
    edited.batch.Append(std::move(*result));
  }
  edited.batch.set_origin(batch.origin());
  edited.counts = editor.counts();
  return edited;
}

}  // namespace

base::Result<EditedRecords<MetricBatch>> EditRecords(const MetricBatch& batch,
                                                     const span::RequestEdit& edit,
                                                     base::ByteBudget& memory,
                                                     const span::EditLimits& limits) {
  return Edit(batch, edit, memory, limits);
}

base::Result<EditedRecords<LogBatch>> EditRecords(const LogBatch& batch,
                                                  const span::RequestEdit& edit,
                                                  base::ByteBudget& memory,
                                                  const span::EditLimits& limits) {
  return Edit(batch, edit, memory, limits);
}

}  // namespace spandrel::signal
