// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/scan.h"

#include <algorithm>
#include <tuple>

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

// A chunk cannot address more than 4 GiB; one message is at most 1 GiB.
constexpr size_t kMaxChunkBytes = size_t{1} << 30;

bool Overlaps(uint64_t min_start, uint64_t max_start, const storage::TimeRange& range) {
  return max_start >= range.min_unix_nano && min_start < range.max_unix_nano;
}

bool StartsBefore(const span::SpanRef& a, const span::SpanRef& b) {
  return std::tie(a.entry().start_time_unix_nano, a.entry().span_id) <
         std::tie(b.entry().start_time_unix_nano, b.entry().span_id);
}

}  // namespace

Scan::Scan(const Snapshot& snapshot) : snapshot_(snapshot) {
  sources_.resize(snapshot.parts.size());
}

Result<std::vector<ScanUnit>> Scan::Units(const Matcher& matcher) {
  std::vector<ScanUnit> units;
  for (size_t part = 0; part < sources_.size(); ++part) {
    SPANDREL_RETURN_IF_ERROR(AddPartUnits(part, matcher, &units));
  }
  for (size_t head = 0; head < snapshot_.heads.size(); ++head) {
    const auto& chunks = snapshot_.heads[head].chunks();
    const auto source = static_cast<uint32_t>(sources_.size() + head);
    for (uint32_t i = 0; i < chunks.size(); ++i) {
      if (!Overlaps(chunks[i].min_start, chunks[i].max_start, matcher.range())) continue;
      units.push_back({source, i, chunks[i].min_start, chunks[i].max_start});
    }
  }
  std::sort(units.begin(), units.end(), [](const ScanUnit& a, const ScanUnit& b) {
    return std::tie(a.max_start, a.source, a.index) > std::tie(b.max_start, b.source, b.index);
  });
  return units;
}

Status Scan::AddPartUnits(size_t part, const Matcher& matcher, std::vector<ScanUnit>* units) {
  const PartFooter& footer = snapshot_.parts[part]->footer();
  if (!Overlaps(footer.min_start, footer.max_start, matcher.range())) return {};
  const Result<PartSource*> source = Source(part);
  if (!source.ok()) return source.status();
  if (!(*source)->MayMatch(matcher)) return {};
  const auto& zones = (*source)->columns().zones;
  for (uint32_t i = 0; i < zones.size(); ++i) {
    if (!Overlaps(zones[i].min_start, zones[i].max_start, matcher.range())) continue;
    units->push_back({static_cast<uint32_t>(part), i, zones[i].min_start, zones[i].max_start});
  }
  return {};
}

Status Scan::Visit(const ScanUnit& unit, const Matcher& matcher, Content content,
                   const SpanVisitor& visit) {
  if (unit.source >= sources_.size()) {
    const HeadView& head = snapshot_.heads[unit.source - sources_.size()];
    VisitHead(head, head.chunks()[unit.index], matcher, visit);
    return {};
  }
  const Result<PartSource*> source = Source(unit.source);
  if (!source.ok()) return source.status();
  const uint64_t rows = (*source)->columns().start.size();
  scanned_spans_ += std::min<uint64_t>(kZoneRows, rows - uint64_t{unit.index} * kZoneRows);
  (*source)->ScanZone(unit.index, matcher, content, visit);
  return {};
}

void Scan::VisitHead(const HeadView& head, const HeadChunk& chunk, const Matcher& matcher,
                     const SpanVisitor& visit) {
  scanned_spans_ += chunk.row_count;
  const auto try_span = [&](size_t index) {
    const span::SpanRef span(*chunk.chunk, index);
    if (matcher.Matches(span)) visit(span);
  };
  if (chunk.row_count == chunk.chunk->spans.size()) {
    for (size_t i = 0; i < chunk.row_count; ++i) try_span(i);
  } else {
    for (const uint32_t i : head.SpansOf(chunk)) try_span(i);
  }
}

Status Scan::VisitAll(const Matcher& matcher, Content content, const SpanVisitor& visit) {
  const Result<std::vector<ScanUnit>> units = Units(matcher);
  if (!units.ok()) return units.status();
  for (const ScanUnit& unit : *units) {
    SPANDREL_RETURN_IF_ERROR(Visit(unit, matcher, content, visit));
  }
  return {};
}

Result<PartSource*> Scan::Source(size_t part) {
  if (!sources_[part]) {
    Result<PartSource> source = PartSource::Open(snapshot_.parts[part], snapshot_.unreadable_spans);
    if (!source.ok()) return source.status();
    sources_[part] = std::move(*source);
  }
  return &*sources_[part];
}

Result<const std::vector<span::SpanRef>*> TraceFetch::Load(const span::TraceId& id,
                                                           Content content) {
  spans_.clear();
  chunks_.clear();
  unreadable_ = 0;
  for (size_t part = 0; part < scan_.part_count(); ++part) {
    SPANDREL_RETURN_IF_ERROR(LoadFromPart(part, id, content));
  }
  for (const HeadView& head : scan_.snapshot().heads) head.FindTrace(id, &spans_);
  std::stable_sort(spans_.begin(), spans_.end(), StartsBefore);
  return &spans_;
}

Status TraceFetch::LoadFromPart(size_t part, const span::TraceId& id, Content content) {
  const Result<const PartColumns*> columns = scan_.snapshot().parts[part]->Columns();
  if (!columns.ok()) return columns.status();
  const auto found = Part::FindTrace(**columns, id);
  if (!found) return {};
  const Result<PartSource*> source = scan_.Source(part);
  if (!source.ok()) return source.status();
  const TraceRecord& trace = (*columns)->traces[*found];
  span::SpanChunk light = (*source)->LightChunk(trace.first_row, trace.row_count);
  if (content == Content::kFull) {
    AddFull(**source, light, trace.first_row);
    return {};
  }
  chunks_.push_back(std::make_shared<const span::SpanChunk>(std::move(light)));
  for (size_t i = 0; i < chunks_.back()->spans.size(); ++i) {
    spans_.emplace_back(*chunks_.back(), i);
  }
  return {};
}

void TraceFetch::AddFull(PartSource& source, const span::SpanChunk& light, uint32_t first_row) {
  ChunkBuilder builder;
  const auto flush = [&] {
    chunks_.push_back(builder.Finish());
    for (size_t i = 0; i < chunks_.back()->spans.size(); ++i) {
      spans_.emplace_back(*chunks_.back(), i);
    }
  };
  for (uint32_t i = 0; i < light.spans.size(); ++i) {
    const bool copied = source.CopyFull(span::SpanRef(light, i), first_row + i, &builder);
    unreadable_ += copied ? 0 : 1;
    if (builder.byte_size() >= kMaxChunkBytes) flush();
  }
  flush();
}

}  // namespace spandrel::columnar
