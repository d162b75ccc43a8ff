// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/scan/scan.h"

#include <algorithm>
#include <tuple>

#include "columnar/hash/content_hash.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;

bool Overlaps(uint64_t min_start, uint64_t max_start, const storage::TimeRange& range) {
  return max_start >= range.min_unix_nano && min_start < range.max_unix_nano;
}

// The same of a hint, whose open end has no end.
bool MayHave(uint64_t min_start, uint64_t max_start, const storage::TimeRange& hint) {
  const bool is_open = hint.max_unix_nano == UINT64_MAX;
  return max_start >= hint.min_unix_nano && (is_open || min_start < hint.max_unix_nano);
}

bool StartsBefore(const span::SpanRef& a, const span::SpanRef& b) {
  return std::tie(a.entry().start_time_unix_nano, a.entry().span_id) <
         std::tie(b.entry().start_time_unix_nano, b.entry().span_id);
}

}  // namespace

Scan::Scan(const storage::QueryContext& context, const Snapshot& snapshot)
    : context_(context), snapshot_(snapshot) {
  sources_.resize(snapshot.parts.size());
}

Result<std::vector<ScanUnit>> Scan::Units(const Matcher& matcher) {
  std::vector<ScanUnit> units;
  for (size_t part = 0; part < sources_.size(); ++part) {
    SPANDREL_RETURN_IF_ERROR(context_.Check());
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
  for (uint32_t i = 0; i < footer.groups.size(); ++i) {
    const GroupRecord& group = footer.groups[i];
    if (!Overlaps(group.min_start, group.max_start, matcher.range())) continue;
    if (!(*source)->MayMatch(i, matcher)) continue;
    units->push_back({static_cast<uint32_t>(part), i, group.min_start, group.max_start});
  }
  return {};
}

Status Scan::Visit(const ScanUnit& unit, const Matcher& matcher, const Content& content,
                   const SpanVisitor& visit) {
  SPANDREL_RETURN_IF_ERROR(context_.Check());
  if (unit.source >= sources_.size()) {
    const HeadView& head = snapshot_.heads[unit.source - sources_.size()];
    return VisitHead(head, head.chunks()[unit.index], matcher, content, visit);
  }
  const Result<PartSource*> source = Source(unit.source);
  if (!source.ok()) return source.status();
  const auto inspected = (*source)->ScanGroup(context_, unit.index, matcher, content, visit);
  if (!inspected.ok()) return inspected.status();
  CountScanned(inspected->spans, inspected->bytes);
  return {};
}

Status Scan::VisitHead(const HeadView& head, const HeadChunk& chunk, const Matcher& matcher,
                       const Content& content, const SpanVisitor& visit) {
  const auto loaded = head.Load(chunk);
  uint64_t bytes = 0;
  const auto try_span = [&](size_t index) -> Status {
    const span::SpanRef span(*loaded, index);
    if (!matcher.Matches(span)) return {};
    if (!content.is_light()) bytes += span.entry().message.size;
    return visit(span);
  };
  const auto visit_all = [&]() -> Status {
    if (loaded == nullptr) return {};
    if (chunk.row_count != loaded->spans.size()) {
      for (const uint32_t i : head.SpansOf(chunk)) SPANDREL_RETURN_IF_ERROR(try_span(i));
      return {};
    }
    for (size_t i = 0; i < chunk.row_count; ++i) SPANDREL_RETURN_IF_ERROR(try_span(i));
    return {};
  };
  Status visited = visit_all();
  CountScanned(chunk.row_count, bytes);
  return visited;
}

Status Scan::VisitAll(const Matcher& matcher, const Content& content, const SpanVisitor& visit) {
  const Result<std::vector<ScanUnit>> units = Units(matcher);
  if (!units.ok()) return units.status();
  for (const ScanUnit& unit : *units) {
    SPANDREL_RETURN_IF_ERROR(Visit(unit, matcher, content, visit));
  }
  return {};
}

Result<PartSource*> Scan::Source(size_t part) {
  if (!sources_[part]) {
    Result<PartSource> source = PartSource::Open(snapshot_.parts[part], snapshot_.damage);
    if (!source.ok()) return source.status();
    sources_[part] = std::move(*source);
  }
  return &*sources_[part];
}

Result<const std::vector<span::SpanRef>*> TraceFetch::Load(const span::TraceId& id,
                                                           const TraceAsk& ask) {
  SPANDREL_RETURN_IF_ERROR(LoadFromParts(id, ask, nullptr));
  LoadFromHeads(id);
  for (const FoundSpan& found : found_) spans_.push_back(found.span);
  if (ask.only) {
    std::erase_if(spans_,
                  [&ask](const span::SpanRef& span) { return span.entry().span_id != *ask.only; });
  }
  std::stable_sort(spans_.begin(), spans_.end(), StartsBefore);
  return &spans_;
}

Result<const std::vector<FoundSpan>*> TraceFetch::LoadMatching(const span::TraceId& id,
                                                               const Matcher& matcher,
                                                               const Content& content) {
  SPANDREL_RETURN_IF_ERROR(LoadFromParts(id, {content}, &matcher));
  LoadFromHeads(id);
  for (const span::SpanRef& span : spans_) found_.push_back({span, matcher.Matches(span)});
  std::stable_sort(found_.begin(), found_.end(), [](const FoundSpan& a, const FoundSpan& b) {
    return StartsBefore(a.span, b.span);
  });
  return &found_;
}

std::shared_ptr<const span::SpanChunk> TraceFetch::WholeChunk() const {
  return chunks_.size() == 1 && chunks_[0]->spans.size() == spans_.size() ? chunks_[0] : nullptr;
}

void TraceFetch::LoadFromHeads(const span::TraceId& id) {
  spans_.clear();
  head_chunks_.clear();
  for (const HeadView& head : scan_.snapshot().heads) head.FindTrace(id, &spans_, &head_chunks_);
  scan_.context().Inspect(spans_.size(), 0);
}

Status TraceFetch::LoadFromParts(const span::TraceId& id, const TraceAsk& ask,
                                 const Matcher* matcher) {
  found_.clear();
  chunks_.clear();
  unreadable_ = 0;
  SPANDREL_RETURN_IF_ERROR(scan_.context().Check());
  for (size_t part = 0; part < scan_.part_count(); ++part) {
    SPANDREL_RETURN_IF_ERROR(LoadFromPart(part, id, ask, matcher));
  }
  return {};
}

Status TraceFetch::LoadFromPart(size_t part, const span::TraceId& id, const TraceAsk& ask,
                                const Matcher* matcher) {
  const Part& stored = *scan_.snapshot().parts[part];
  const PartFooter& footer = stored.footer();
  if (!MayHave(footer.min_start, footer.max_start, ask.hint)) return {};
  const uint64_t hash = TraceIdHash(id);
  for (uint32_t group = 0; group < footer.groups.size(); ++group) {
    const GroupRecord& facts = footer.groups[group];
    if (!MayHave(facts.min_start, facts.max_start, ask.hint)) continue;
    if (!stored.MayHaveTrace(group, hash)) continue;
    const Result<PartSource*> source = scan_.Source(part);
    if (!source.ok()) return source.status();
    const auto rows = (*source)->ReadTrace(scan_.context(), group, id, ask);
    if (!rows.ok()) return rows.status();
    unreadable_ += rows->unreadable;
    scan_.context().Inspect(rows->inspected.spans, rows->inspected.bytes);
    const size_t before = found_.size();
    for (const auto& chunk : rows->chunks) {
      for (size_t i = 0; i < chunk->spans.size(); ++i) found_.push_back({{*chunk, i}});
      chunks_.push_back(chunk);
    }
    const size_t count = found_.size() - before;
    if (matcher != nullptr && count > 0) {
      MarkMatching(**source, group, rows->first_row, count, *matcher);
    }
  }
  return {};
}

void TraceFetch::MarkMatching(PartSource& source, uint32_t group, uint32_t first_row, size_t count,
                              const Matcher& matcher) {
  const auto spans = std::span(found_).last(count);
  if (!matcher.needs_payload()) {
    for (FoundSpan& found : spans) found.matches = matcher.Matches(found.span);
    return;
  }
  if (!source.MayMatch(group, matcher)) return;
  const auto matching = source.RowsOf(group, matcher);
  if (!matching.ok()) return;
  const auto begin = std::lower_bound((*matching)->begin(), (*matching)->end(), first_row);
  for (auto row = begin; row != (*matching)->end() && *row - first_row < count; ++row) {
    spans[*row - first_row].matches = true;
  }
}

}  // namespace spandrel::columnar
