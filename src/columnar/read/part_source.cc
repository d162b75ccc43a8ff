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

constexpr uint8_t kUnknown = 0;
constexpr uint8_t kNo = 1;
constexpr uint8_t kYes = 2;

}  // namespace

Result<PartSource> PartSource::Open(PartPtr part, base::Counter* unreadable_spans) {
  PartSource source;
  Result<std::shared_ptr<const Dictionary>> dictionary = part->LoadDictionary();
  if (!dictionary.ok()) return dictionary.status();
  source.part_ = std::move(part);
  source.dictionary_ = std::move(*dictionary);
  source.unreadable_spans_ = unreadable_spans;
  source.scope_memo_.assign(source.dictionary_->scopes.size(), kUnknown);
  source.name_memo_.assign(source.dictionary_->names.size(), kUnknown);
  return source;
}

bool PartSource::MayMatch(const Matcher& matcher) {
  span::SpanChunk chunk = SharedChunk(*dictionary_);
  chunk.spans.resize(1);
  const span::SpanRef probe(chunk, 0);
  bool scope_found = !matcher.has_scope_conditions();
  for (uint32_t scope = 0; scope < chunk.scopes.size() && !scope_found; ++scope) {
    chunk.spans[0].scope = scope;
    scope_found = ScopeMatches(probe, matcher);
  }
  chunk.spans[0].scope = 0;
  bool name_found = !matcher.has_name_conditions();
  for (uint32_t name = 0; name < dictionary_->names.size() && !name_found; ++name) {
    chunk.spans[0].name = dictionary_->names[name];
    name_found = NameMatches(probe, name, matcher);
  }
  return scope_found && name_found;
}

bool PartSource::ScopeMatches(const span::SpanRef& span, const Matcher& matcher) {
  uint8_t& memo = scope_memo_[span.entry().scope];
  if (memo == kUnknown) memo = matcher.ScopeMatches(span) ? kYes : kNo;
  return memo == kYes;
}

bool PartSource::NameMatches(const span::SpanRef& span, uint32_t name, const Matcher& matcher) {
  uint8_t& memo = name_memo_[name];
  if (memo == kUnknown) memo = matcher.NameMatches(span) ? kYes : kNo;
  return memo == kYes;
}

uint64_t PartSource::ScanGroup(uint32_t group, const Matcher& matcher, Content content,
                               const SpanVisitor& visit) {
  const Result<RowGroupPtr> open = part_->Group(group);
  if (!open.ok()) {
    NoteUnreadable(group, open.status());
    return 0;
  }
  const Status scanned = Scan(*open, matcher, content, visit);
  if (!scanned.ok()) NoteUnreadable(group, scanned);
  return (*open)->row_count();
}

Status PartSource::Scan(const RowGroupPtr& group, const Matcher& matcher, Content content,
                        const SpanVisitor& visit) {
  RowReader reader(group);
  SPANDREL_RETURN_IF_ERROR(reader.Load(0, group->row_count()));
  const span::SpanChunk light = LightChunk(reader);
  std::vector<uint32_t> found;
  for (uint32_t row = 0; row < light.spans.size(); ++row) {
    if (!matcher.range().Contains(light.spans[row].start_time_unix_nano)) continue;
    const span::SpanRef span(light, row);
    const uint32_t name = group->table().templates[reader.TemplateOf(row)].name;
    if (ScopeMatches(span, matcher) && NameMatches(span, name, matcher) &&
        matcher.LightMatches(span)) {
      found.push_back(row);
    }
  }
  if (content == Content::kFull || matcher.needs_payload()) {
    return VisitFull(reader, light, found, matcher, visit);
  }
  for (const uint32_t row : found) visit(span::SpanRef(light, row));
  return {};
}

Status PartSource::VisitFull(RowReader& reader, const span::SpanChunk& light,
                             const std::vector<uint32_t>& rows, const Matcher& matcher,
                             const SpanVisitor& visit) {
  ChunkBuilder builder;
  const auto flush = [&] {
    const auto full = builder.Finish();
    for (size_t i = 0; i < full->spans.size(); ++i) {
      const span::SpanRef span(*full, i);
      if (matcher.PayloadMatches(span)) visit(span);
    }
  };
  SPANDREL_RETURN_IF_ERROR(reader.VisitMessages(rows, [&](uint32_t row, std::string_view message) {
    builder.Add(span::SpanRef(light, row), message);
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
    found = {{}, 1};
  }
  return found;
}

Status PartSource::ReadRows(const RowGroupPtr& group, uint32_t trace, Content content,
                            TraceRowsFound* found) {
  const auto first_rows = group->FirstRows();
  if (!first_rows.ok()) return first_rows.status();
  const uint32_t first = (**first_rows)[trace];
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
