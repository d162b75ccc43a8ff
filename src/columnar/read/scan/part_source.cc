// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/scan/part_source.h"

#include <utility>

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

// Full spans are copied together up to this size, however large their messages are.
constexpr size_t kFullChunkBytes = size_t{4} << 20;
// A chunk cannot address more than 4 GiB; one message is at most 1 GiB.
constexpr size_t kMaxChunkBytes = size_t{1} << 30;
// Fewer matching rows than this are read one by one; for more the whole row group is decoded.
constexpr size_t kFewRows = 16;
// Matching rows of a part that are remembered.
constexpr size_t kMaxKnownRows = 64 * 1024;

bool IsOutOfMemory(const Status& status) {
  return status.code() == base::StatusCode::kResourceExhausted;
}

}  // namespace

Result<PartSource> PartSource::Open(PartPtr part, DamageNotes* damage) {
  PartSource source;
  Result<std::shared_ptr<const Dictionary>> dictionary = part->LoadDictionary();
  if (!dictionary.ok()) return dictionary.status();
  source.part_ = std::move(part);
  source.dictionary_ = std::move(*dictionary);
  source.damage_ = damage;
  return source;
}

bool PartSource::MayMatch(uint32_t group, const Matcher& matcher) {
  return GroupMayMatch(*part_, group, matcher, Verdicts(matcher));
}

DictionaryVerdicts& PartSource::Verdicts(const Matcher& matcher) {
  if (!verdicts_) verdicts_ = std::make_unique<DictionaryVerdicts>(matcher, dictionary_);
  return *verdicts_;
}

Result<storage::Inspected> PartSource::ScanGroup(const storage::QueryContext& context,
                                                 uint32_t group, const Matcher& matcher,
                                                 const Content& content, const SpanVisitor& visit) {
  const Result<RowGroupPtr> open = part_->Group(group);
  const auto rows = open.ok() ? FindRows(*open, group, matcher) : open.status();
  if (rows.ok()) return ScanRows(context, group, **rows, content, visit);
  NoteUnreadable(group, rows.status());
  return storage::Inspected();
}

Result<storage::Inspected> PartSource::ScanRows(const storage::QueryContext& context,
                                                uint32_t group, const std::vector<uint32_t>& rows,
                                                const Content& content, const SpanVisitor& visit) {
  message_bytes_ = 0;
  Status stopped;
  const auto visit_one = [&](const span::SpanRef& span) { return stopped = visit(span); };
  ChunkBuilder builder(context);
  const Result<RowGroupPtr> open = part_->Group(group);
  const Status scanned =
      open.ok() ? Visit(builder, *open, rows, content, visit_one) : open.status();
  if (!stopped.ok()) return stopped;
  if (IsOutOfMemory(scanned)) return scanned;
  if (!scanned.ok()) NoteUnreadable(group, scanned);
  return storage::Inspected{part_->footer().groups[group].row_count, message_bytes_};
}

Result<const std::vector<uint32_t>*> PartSource::RowsOf(uint32_t group, const Matcher& matcher) {
  if (const auto known = rows_.find(group); known != rows_.end()) return &known->second;
  const Result<RowGroupPtr> open = part_->Group(group);
  auto rows = open.ok() ? FindRows(*open, group, matcher) : open.status();
  if (!rows.ok()) NoteUnreadable(group, rows.status());
  return rows;
}

Result<const std::vector<uint32_t>*> PartSource::FindRows(const RowGroupPtr& group, uint32_t index,
                                                          const Matcher& matcher) {
  Result<std::vector<uint32_t>> found = MatchingRows(group, matcher, Verdicts(matcher), &columns_);
  if (!found.ok()) return found.status();
  if (known_rows_ + found->size() > kMaxKnownRows) {
    rows_.clear();
    known_rows_ = 0;
  }
  known_rows_ += found->size();
  return &(rows_[index] = std::move(*found));
}

Status PartSource::Visit(ChunkBuilder& builder, const RowGroupPtr& group,
                         const std::vector<uint32_t>& rows, const Content& content,
                         const SpanVisitor& visit) {
  if (rows.empty()) return {};
  RowReader reader(group);
  if (!content.is_full()) reader.KeepOnly(content.ColumnsOf(group->table()));
  const bool few = rows.size() < kFewRows;
  if (!few) SPANDREL_RETURN_IF_ERROR(reader.Load(0, group->row_count()));
  if (!content.is_light() && !few) return VisitMessages(builder, reader, rows, visit);
  span::SpanChunk light = SharedChunk(*dictionary_);
  light.spans.resize(1);
  for (const uint32_t row : rows) {
    if (few) SPANDREL_RETURN_IF_ERROR(reader.Load(row, 1));
    if (!content.is_light()) {
      SPANDREL_RETURN_IF_ERROR(VisitMessages(builder, reader, {row}, visit));
      continue;
    }
    light.spans[0] = reader.EntryOf(row);
    SPANDREL_RETURN_IF_ERROR(visit(span::SpanRef(light, 0)));
  }
  return {};
}

Status PartSource::VisitMessages(ChunkBuilder& builder, RowReader& reader,
                                 const std::vector<uint32_t>& rows, const SpanVisitor& visit) {
  const auto flush = [&]() -> Status {
    const auto full = builder.Finish();
    for (size_t i = 0; i < full->spans.size(); ++i) {
      SPANDREL_RETURN_IF_ERROR(visit(span::SpanRef(*full, i)));
    }
    return {};
  };
  span::SpanChunk light = SharedChunk(*dictionary_);
  light.spans.resize(1);
  const auto add = [&](uint32_t row, std::string_view message) -> Status {
    light.spans[0] = reader.EntryOf(row);
    message_bytes_ += message.size();
    SPANDREL_RETURN_IF_ERROR(builder.Add(span::SpanRef(light, 0), message));
    return builder.byte_size() >= kFullChunkBytes ? flush() : Status();
  };
  SPANDREL_RETURN_IF_ERROR(reader.VisitMessages(rows, add));
  return flush();
}

Result<TraceRowsFound> PartSource::ReadTrace(const storage::QueryContext& context, uint32_t group,
                                             const span::TraceId& id, const TraceAsk& ask) {
  TraceRowsFound found;
  const Result<RowGroupPtr> open = part_->Group(group);
  Status read = open.status();
  if (read.ok()) {
    const auto trace = (*open)->FindTrace(id);
    read = trace.status();
    if (read.ok() && *trace) read = ReadRows(context, *open, **trace, ask, &found);
  }
  if (IsOutOfMemory(read)) return read;
  if (!read.ok()) {
    NoteUnreadable(group, read);
    found = {};
    found.unreadable = 1;
  }
  return found;
}

Status PartSource::ReadRows(const storage::QueryContext& context, const RowGroupPtr& group,
                            uint32_t trace, const TraceAsk& ask, TraceRowsFound* found) {
  const auto first_rows = group->FirstRows();
  if (!first_rows.ok()) return first_rows.status();
  const uint32_t first = (**first_rows)[trace];
  const uint32_t count = (**first_rows)[trace + 1] - first;
  RowReader reader(group);
  SPANDREL_RETURN_IF_ERROR(reader.Load(first, count));
  found->first_row = first;
  found->inspected.spans = count;
  const span::SpanChunk& light = LightChunk(reader);
  ChunkBuilder builder(context);
  if (ask.content.is_light()) {
    for (uint32_t i = 0; i < count; ++i) {
      SPANDREL_RETURN_IF_ERROR(builder.Add(span::SpanRef(light, i), {}));
    }
    found->chunks.push_back(builder.Finish());
    return {};
  }
  if (!ask.content.is_full()) reader.KeepOnly(ask.content.ColumnsOf(group->table()));
  std::vector<uint32_t> rows;
  for (uint32_t row = first; row < first + count; ++row) {
    if (!ask.only || light.spans[row - first].span_id == *ask.only) rows.push_back(row);
  }
  const auto add = [&](uint32_t row, std::string_view message) -> Status {
    found->inspected.bytes += message.size();
    SPANDREL_RETURN_IF_ERROR(builder.Add(span::SpanRef(light, row - first), message));
    if (builder.byte_size() >= kMaxChunkBytes) found->chunks.push_back(builder.Finish());
    return {};
  };
  SPANDREL_RETURN_IF_ERROR(reader.VisitMessages(rows, add));
  if (!builder.empty()) found->chunks.push_back(builder.Finish());
  return {};
}

// The dictionary is copied once: parts may have thousands of scopes, and traces are many.
const span::SpanChunk& PartSource::LightChunk(const RowReader& reader) {
  if (light_.buffer == nullptr) light_ = SharedChunk(*dictionary_);
  light_.spans.clear();
  for (uint32_t i = 0; i < reader.count(); ++i) {
    light_.spans.push_back(reader.EntryOf(reader.first() + i));
  }
  return light_;
}

void PartSource::NoteUnreadable(uint32_t group, const Status& why) {
  part_->NoteDamagedGroup(group, why);
  if (damage_ != nullptr) damage_->Add(*part_, group);
}

}  // namespace spandrel::columnar
