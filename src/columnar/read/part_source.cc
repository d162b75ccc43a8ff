// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/part_source.h"

#include <algorithm>

#include "base/log.h"

namespace spandrel::columnar {
namespace {

using base::Result;

// Decompressed blocks that one query keeps of one part.
constexpr size_t kCachedBlocks = 16;
// Full spans are copied together up to this size, however large their messages are.
constexpr size_t kFullChunkBytes = size_t{4} << 20;

constexpr uint8_t kUnknown = 0;
constexpr uint8_t kNo = 1;
constexpr uint8_t kYes = 2;

}  // namespace

Result<PartSource> PartSource::Open(PartPtr part, base::Counter* unreadable_spans) {
  PartSource source;
  const Result<const PartColumns*> columns = part->Columns();
  if (!columns.ok()) return columns.status();
  Result<std::shared_ptr<const Dictionary>> dictionary = part->LoadDictionary();
  if (!dictionary.ok()) return dictionary.status();
  source.part_ = std::move(part);
  source.columns_ = *columns;
  source.dictionary_ = std::move(*dictionary);
  source.unreadable_spans_ = unreadable_spans;
  source.scope_memo_.assign(source.dictionary_->scopes.size(), kUnknown);
  source.name_memo_.assign(source.dictionary_->names.size(), kUnknown);
  return source;
}

span::SpanChunk PartSource::LightChunk(uint32_t first, uint32_t count) const {
  span::SpanChunk chunk = DictionaryChunk();
  chunk.spans.reserve(count);
  const auto& traces = columns_->traces;
  auto trace =
      std::upper_bound(traces.begin(), traces.end(), first,
                       [](uint32_t row, const TraceRecord& t) { return row < t.first_row; });
  --trace;
  for (uint32_t row = first; row < first + count; ++row) {
    while (row >= trace->first_row + trace->row_count) ++trace;
    chunk.spans.push_back(EntryAt(row));
    chunk.spans.back().trace_id = trace->id;
  }
  return chunk;
}

span::SpanChunk PartSource::DictionaryChunk() const {
  span::SpanChunk chunk;
  chunk.buffer = dictionary_->buffer;
  chunk.resources = dictionary_->resources;
  chunk.scopes = dictionary_->scopes;
  return chunk;
}

span::SpanEntry PartSource::EntryAt(uint32_t row) const {
  span::SpanEntry entry;
  entry.span_id = columns_->span_id[row];
  entry.parent_span_id = columns_->parent_id[row];
  entry.start_time_unix_nano = columns_->start[row];
  entry.end_time_unix_nano = columns_->end[row];
  entry.name = dictionary_->names[columns_->name[row]];
  entry.scope = columns_->scope[row];
  entry.kind = static_cast<span::SpanKind>(columns_->kind[row]);
  entry.status = static_cast<span::SpanStatus>(columns_->status[row]);
  return entry;
}

bool PartSource::MayMatch(const Matcher& matcher) {
  span::SpanChunk chunk = DictionaryChunk();
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

void PartSource::ScanZone(uint32_t zone, const Matcher& matcher, Content content,
                          const SpanVisitor& visit) {
  const uint32_t first = zone * kZoneRows;
  const auto rows = static_cast<uint32_t>(columns_->start.size());
  const span::SpanChunk light = LightChunk(first, std::min(kZoneRows, rows - first));
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < light.spans.size(); ++i) {
    if (!matcher.range().Contains(light.spans[i].start_time_unix_nano)) continue;
    const span::SpanRef span(light, i);
    if (ScopeMatches(span, matcher) && NameMatches(span, columns_->name[first + i], matcher) &&
        matcher.LightMatches(span)) {
      found.push_back(i);
    }
  }
  if (content == Content::kLight && !matcher.needs_payload()) {
    for (const uint32_t i : found) visit(span::SpanRef(light, i));
  } else {
    VisitFull(light, found, first, matcher, visit);
  }
}

void PartSource::VisitFull(const span::SpanChunk& light, const std::vector<uint32_t>& spans,
                           uint32_t first_row, const Matcher& matcher, const SpanVisitor& visit) {
  std::vector<uint32_t> by_block = spans;
  std::sort(by_block.begin(), by_block.end(), [&](uint32_t a, uint32_t b) {
    return columns_->block[first_row + a] < columns_->block[first_row + b];
  });
  ChunkBuilder builder;
  const auto flush = [&] {
    const auto full = builder.Finish();
    for (size_t i = 0; i < full->spans.size(); ++i) {
      const span::SpanRef span(*full, i);
      if (matcher.PayloadMatches(span)) visit(span);
    }
  };
  for (const uint32_t i : by_block) {
    CopyFull(span::SpanRef(light, i), first_row + i, &builder);
    if (builder.byte_size() >= kFullChunkBytes) flush();
  }
  flush();
}

bool PartSource::CopyFull(const span::SpanRef& light, uint32_t row, ChunkBuilder* builder) {
  const auto message = Message(row);
  if (message) {
    builder->Add(light, *message);
  } else if (unreadable_spans_ != nullptr) {
    unreadable_spans_->Add();
  }
  return message.has_value();
}

const std::string& PartSource::Block(uint32_t block) {
  for (auto cached = blocks_.rbegin(); cached != blocks_.rend(); ++cached) {
    if (cached->block == block) return cached->bytes;
  }
  Result<std::string> bytes = std::string();
  if (block < columns_->blocks.size()) bytes = part_->ReadBlock(columns_->blocks[block]);
  if (!bytes.ok()) base::LogError("spans left out of an answer: {}", bytes.status().message());
  if (blocks_.size() == kCachedBlocks) blocks_.pop_front();
  blocks_.push_back({block, bytes.ok() ? std::move(*bytes) : std::string()});
  return blocks_.back().bytes;
}

std::optional<std::string_view> PartSource::Message(uint32_t row) {
  const std::string& block = Block(columns_->block[row]);
  const uint64_t offset = columns_->offset[row];
  const uint64_t size = columns_->size[row];
  if (offset + size > block.size()) return std::nullopt;
  return std::string_view(block).substr(offset, size);
}

}  // namespace spandrel::columnar
