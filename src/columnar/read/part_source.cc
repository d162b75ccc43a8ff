// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/part_source.h"

#include <numeric>

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

}  // namespace

Result<PartSource> PartSource::Open(PartPtr part, base::Counter* unreadable_spans) {
  PartSource source;
  Result<std::shared_ptr<const Dictionary>> dictionary = part->LoadDictionary();
  if (!dictionary.ok()) return dictionary.status();
  source.part_ = std::move(part);
  source.dictionary_ = std::move(*dictionary);
  source.unreadable_spans_ = unreadable_spans;
  return source;
}

bool PartSource::MayMatch(uint32_t group, const Matcher& matcher) {
  return GroupMayMatch(*part_, group, matcher, Verdicts(matcher));
}

DictionaryVerdicts& PartSource::Verdicts(const Matcher& matcher) {
  if (!verdicts_) verdicts_ = std::make_unique<DictionaryVerdicts>(matcher, dictionary_);
  return *verdicts_;
}

uint64_t PartSource::ScanGroup(uint32_t group, const Matcher& matcher, Content content,
                               const SpanVisitor& visit) {
  const Result<RowGroupPtr> open = part_->Group(group);
  if (!open.ok()) {
    NoteUnreadable(group, open.status());
    return 0;
  }
  const auto rows = FindRows(*open, group, matcher);
  Status scanned = rows.status();
  if (scanned.ok()) scanned = Visit(*open, **rows, content, visit);
  if (!scanned.ok()) NoteUnreadable(group, scanned);
  return (*open)->row_count();
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

Status PartSource::Visit(const RowGroupPtr& group, const std::vector<uint32_t>& rows,
                         Content content, const SpanVisitor& visit) {
  if (rows.empty()) return {};
  RowReader reader(group);
  const bool few = rows.size() < kFewRows;
  if (!few) SPANDREL_RETURN_IF_ERROR(reader.Load(0, group->row_count()));
  if (content == Content::kFull && !few) return VisitFull(reader, rows, visit);
  span::SpanChunk light = SharedChunk(*dictionary_);
  light.spans.resize(1);
  for (const uint32_t row : rows) {
    if (few) SPANDREL_RETURN_IF_ERROR(reader.Load(row, 1));
    if (content == Content::kFull) {
      SPANDREL_RETURN_IF_ERROR(VisitFull(reader, {row}, visit));
      continue;
    }
    light.spans[0] = reader.EntryOf(row);
    visit(span::SpanRef(light, 0));
  }
  return {};
}

Status PartSource::VisitFull(RowReader& reader, const std::vector<uint32_t>& rows,
                             const SpanVisitor& visit) {
  ChunkBuilder builder;
  const auto flush = [&] {
    const auto full = builder.Finish();
    for (size_t i = 0; i < full->spans.size(); ++i) visit(span::SpanRef(*full, i));
  };
  span::SpanChunk light = SharedChunk(*dictionary_);
  light.spans.resize(1);
  SPANDREL_RETURN_IF_ERROR(reader.VisitMessages(rows, [&](uint32_t row, std::string_view message) {
    light.spans[0] = reader.EntryOf(row);
    builder.Add(span::SpanRef(light, 0), message);
    if (builder.byte_size() >= kFullChunkBytes) flush();
  }));
  flush();
  return {};
}

TraceRowsFound PartSource::ReadTrace(uint32_t group, const span::TraceId& id, Content content) {
  TraceRowsFound found;
  const Result<RowGroupPtr> open = part_->Group(group);
  Status read = open.status();
  if (read.ok()) {
    const auto trace = (*open)->FindTrace(id);
    read = trace.status();
    if (read.ok() && *trace) read = ReadRows(*open, **trace, content, &found);
  }
  if (!read.ok()) {
    NoteUnreadable(group, read);
    found = {{}, 0, 1};
  }
  return found;
}

Status PartSource::ReadRows(const RowGroupPtr& group, uint32_t trace, Content content,
                            TraceRowsFound* found) {
  const auto first_rows = group->FirstRows();
  if (!first_rows.ok()) return first_rows.status();
  const uint32_t first = (**first_rows)[trace];
  found->first_row = first;
  RowReader reader(group);
  SPANDREL_RETURN_IF_ERROR(reader.Load(first, (**first_rows)[trace + 1] - first));
  span::SpanChunk light = LightChunk(reader);
  if (content == Content::kLight) {
    found->chunks.push_back(std::make_shared<const span::SpanChunk>(std::move(light)));
    return {};
  }
  std::vector<uint32_t> rows(reader.count());
  std::iota(rows.begin(), rows.end(), first);
  ChunkBuilder builder;
  SPANDREL_RETURN_IF_ERROR(reader.VisitMessages(rows, [&](uint32_t row, std::string_view message) {
    builder.Add(span::SpanRef(light, row - first), message);
    if (builder.byte_size() >= kMaxChunkBytes) found->chunks.push_back(builder.Finish());
  }));
  found->chunks.push_back(builder.Finish());
  return {};
}

span::SpanChunk PartSource::LightChunk(const RowReader& reader) const {
  span::SpanChunk chunk = SharedChunk(*dictionary_);
  chunk.spans.reserve(reader.count());
  for (uint32_t i = 0; i < reader.count(); ++i) {
    chunk.spans.push_back(reader.EntryOf(reader.first() + i));
  }
  return chunk;
}

void PartSource::NoteUnreadable(uint32_t group, const Status& why) {
  part_->NoteDamagedGroup(group, why);
  if (unreadable_spans_ != nullptr) unreadable_spans_->Add(part_->footer().groups[group].row_count);
}

}  // namespace spandrel::columnar
