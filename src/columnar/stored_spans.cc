// SPDX-License-Identifier: Apache-2.0
#include "columnar/stored_spans.h"

#include <algorithm>

namespace spandrel::columnar {

StoredSpans::StoredSpans(const EngineOptions& options, base::MetricRegistry& metrics, Events events)
    : options_(options),
      events_(std::move(events)),
      stored_(metrics.AddCounter("spandrel_store_stored_spans_total", "Spans that were stored.")),
      resent_(metrics.AddCounter("spandrel_store_resent_spans_total",
                                 "Spans that were stored already, with the same content.")),
      unreadable_(metrics.AddCounter("spandrel_store_unreadable_spans_total",
                                     "Reads of spans whose payload block is damaged.")),
      open_(std::make_shared<Head>()) {}

void StoredSpans::Add(const span::SpanBatch& batch, uint64_t sequence) {
  bool is_first = false;
  bool is_full = false;
  {
    std::lock_guard write(write_mutex_);
    is_first = open_->last_sequence() == 0;
    size_t left_out = 0;
    for (const auto& chunk : batch.chunks()) {
      left_out += open_->Add(chunk, KnownAround(*chunk));
    }
    open_->NoteSequence(sequence, options_.clock->NowSteady());
    stored_.Add(batch.span_count() - left_out);
    resent_.Add(left_out);
    is_full =
        open_->byte_size() >= options_.seal_bytes || open_->row_count() >= options_.seal_spans;
    if (is_full) {
      PushOpenHead();
    } else {
      CountOpenHead();
    }
  }
  if (is_first && events_.on_first) events_.on_first();
  if (is_full && events_.on_full) events_.on_full();
}

Snapshot StoredSpans::TakeSnapshot() const {
  Snapshot snapshot;
  snapshot.unreadable_spans = &unreadable_;
  std::lock_guard lock(mutex_);
  for (const PartPtr& part : parts_) {
    if (!part->damaged()) snapshot.parts.push_back(part);
  }
  for (const HeadPtr& head : full_) snapshot.heads.emplace_back(head);
  snapshot.heads.emplace_back(open_);
  return snapshot;
}

StoredSpans::Rotation StoredSpans::CloseHead(bool now_if_any) {
  std::lock_guard write(write_mutex_);
  if (open_->last_sequence() == 0) return {};
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(
      options_.clock->NowSteady() - open_->opened_at());
  if (!now_if_any && age < options_.seal_age) return {0, options_.seal_age - age};
  if (open_->row_count() > 0) {
    PushOpenHead();
    return {};
  }
  std::lock_guard lock(mutex_);
  const uint64_t sequence = full_.empty() ? open_->last_sequence() : 0;
  open_ = std::make_shared<Head>();
  return {sequence, std::nullopt};
}

HeadPtr StoredSpans::OldestFullHead() const {
  std::lock_guard lock(mutex_);
  return full_.empty() ? nullptr : full_.front();
}

void StoredSpans::Install(const std::vector<PartPtr>& parts, const HeadPtr& sealed) {
  std::lock_guard lock(mutex_);
  parts_ = parts;
  if (sealed == nullptr || std::erase(full_, sealed) == 0) return;
  full_bytes_ -= sealed->byte_size();
  full_spans_ -= sealed->row_count();
}

void StoredSpans::KnownSpans::Prefetch(uint64_t content_hash) const {
  for (const HeadPtr& head : heads) head->PrefetchContent(content_hash);
}

bool StoredSpans::KnownSpans::Contains(const span::SpanEntry& entry, uint64_t content_hash) const {
  const auto contains = [&](const auto& place) { return place->Contains(entry, content_hash); };
  return std::any_of(heads.begin(), heads.end(), contains) ||
         std::any_of(parts.begin(), parts.end(), contains);
}

// A span that was sent twice has the same start, so only parts around the chunk's starts matter.
StoredSpans::KnownSpans StoredSpans::KnownAround(const span::SpanChunk& chunk) const {
  uint64_t min_start = UINT64_MAX;
  uint64_t max_start = 0;
  for (const span::SpanEntry& entry : chunk.spans) {
    min_start = std::min(min_start, entry.start_time_unix_nano);
    max_start = std::max(max_start, entry.start_time_unix_nano);
  }
  KnownSpans known;
  std::lock_guard lock(mutex_);
  known.heads.assign(full_.begin(), full_.end());
  for (const PartPtr& part : parts_) {
    const PartFooter& footer = part->footer();
    const bool overlaps = footer.max_start >= min_start && footer.min_start <= max_start;
    if (overlaps && !part->damaged()) known.parts.push_back(part);
  }
  return known;
}

// With write_mutex_ held.
void StoredSpans::PushOpenHead() {
  std::lock_guard lock(mutex_);
  full_bytes_ += open_->byte_size();
  full_spans_ += open_->row_count();
  full_.push_back(std::move(open_));
  open_ = std::make_shared<Head>();
  CountOpenHead();
}

// With write_mutex_ held.
void StoredSpans::CountOpenHead() {
  open_bytes_ = open_->row_count() == 0 ? 0 : open_->byte_size();
  open_spans_ = open_->row_count();
}

}  // namespace spandrel::columnar
