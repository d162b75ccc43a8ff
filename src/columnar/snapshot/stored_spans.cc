// SPDX-License-Identifier: Apache-2.0
#include "columnar/snapshot/stored_spans.h"

#include <algorithm>

namespace spandrel::columnar {

StoredSpans::StoredSpans(const EngineOptions& options, base::MetricRegistry& metrics, Events events,
                         HeadMemory& memory)
    : options_(options),
      events_(std::move(events)),
      stored_(metrics.AddCounter("spandrel_store_stored_spans_total")),
      resent_(metrics.AddCounter("spandrel_store_resent_spans_total")),
      damage_(metrics),
      open_(std::make_shared<Head>()),
      memory_(memory) {}

StoredSpans::~StoredSpans() {
  base::MutexLock write(write_mutex_);
  base::MutexLock lock(mutex_);
  memory_.Remove(counted_open_);
  for (const FullHead& full : full_) memory_.Remove(full.bytes());
}

void StoredSpans::Add(const span::SpanBatch& batch, uint64_t sequence) {
  bool is_first = false;
  bool is_full = false;
  {
    base::MutexLock write(write_mutex_);
    is_first = open_->last_sequence() == 0;
    is_full = AddToOpenHead(batch.chunks(), sequence);
    is_full ? PushOpenHead() : CountOpenHead();
  }
  if (is_first && events_.on_first) events_.on_first();
  if (is_full && events_.on_full) events_.on_full();
}

void StoredSpans::AddRecovered(const std::shared_ptr<const span::SpanChunk>& chunk,
                               const journal::LogPlace& place, uint64_t sequence) {
  base::MutexLock write(write_mutex_);
  const bool is_full = AddToOpenHead({chunk}, sequence);
  if (open_->chunks().size() > recovered_.size()) recovered_.push_back(place);
  if (is_full) ParkOpenHead();
}

// A head without rows stays open: its sequence says up to where nothing needs to be replayed.
void StoredSpans::EndRecovery() {
  base::MutexLock write(write_mutex_);
  if (open_->row_count() > 0) ParkOpenHead();
}

Snapshot StoredSpans::TakeSnapshot() const {
  Snapshot snapshot;
  base::MutexLock lock(mutex_);
  for (const PartPtr& part : parts_) {
    if (!part->damaged()) snapshot.parts.push_back(part);
  }
  for (const FullHead& full : full_) snapshot.heads.push_back(full.View());
  snapshot.heads.emplace_back(open_);
  return snapshot;
}

StoredSpans::Rotation StoredSpans::CloseHead(bool now_if_any) {
  base::MutexLock write(write_mutex_);
  if (open_->last_sequence() == 0) return {};
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(
      options_.clock->NowSteady() - open_->opened_at());
  if (!now_if_any && age < options_.seal_age) return {0, options_.seal_age - age};
  if (open_->row_count() > 0) {
    PushOpenHead();
    return {};
  }
  base::MutexLock lock(mutex_);
  const uint64_t sequence = full_.empty() ? open_->last_sequence() : 0;
  open_ = std::make_shared<Head>();
  open_first_ = 0;
  return {sequence, std::nullopt};
}

FullHead StoredSpans::OldestFullHead() const {
  base::MutexLock lock(mutex_);
  return full_.empty() ? FullHead() : full_.front();
}

std::optional<uint64_t> StoredSpans::OldestUnsealed(uint64_t sealed) const {
  base::MutexLock lock(mutex_);
  for (const FullHead& full : full_) {
    if (full.last_sequence() != sealed) return full.first_sequence();
  }
  const uint64_t open_first = open_first_;
  return open_first != 0 ? std::optional(open_first) : std::nullopt;
}

void StoredSpans::Install(const std::vector<PartPtr>& parts, uint64_t sealed) {
  base::MutexLock lock(mutex_);
  parts_ = parts;
  std::erase_if(full_, [&](const FullHead& full) SPANDREL_REQUIRES(mutex_) {
    if (full.last_sequence() != sealed) return false;
    CountFull(full, -1);
    return true;
  });
}

HeadPtr StoredSpans::InMemory(const FullHead& full) {
  if (full.parked == nullptr) return full.head;
  const ParkedHead::Restored restored = full.parked->Restore();
  if (restored.lost_requests > 0 && full.parked->ClaimLosses()) {
    damage_.Count(restored.lost_requests, restored.lost_bytes);
    lost_spans_ += restored.lost_spans;
  }
  return restored.head;
}

void StoredSpans::RestoreDamaged() {
  base::MutexLock restoring(restore_mutex_);
  for (FullHead full = OldestDamaged(); !full.empty(); full = OldestDamaged()) {
    const FullHead restored{InMemory(full), nullptr};
    base::MutexLock lock(mutex_);
    const auto found = std::find_if(full_.begin(), full_.end(),
                                    [&](const FullHead& one) { return one.parked == full.parked; });
    if (found == full_.end()) continue;
    CountFull(*found, -1);
    CountFull(restored, 1);
    *found = restored;
  }
}

FullHead StoredSpans::OldestDamaged() const {
  base::MutexLock lock(mutex_);
  for (const FullHead& full : full_) {
    if (full.parked != nullptr && full.parked->damaged()) return full;
  }
  return {};
}

void StoredSpans::KnownSpans::Prefetch(uint64_t content_hash) const {
  for (const HeadPtr& head : heads) head->PrefetchContent(content_hash);
  for (const ParkedHeadPtr& head : parked) head->PrefetchContent(content_hash);
}

bool StoredSpans::KnownSpans::Contains(const span::SpanEntry& entry, uint64_t content_hash) const {
  const auto contains = [&](const auto& place) { return place->Contains(entry, content_hash); };
  return std::any_of(heads.begin(), heads.end(), contains) ||
         std::any_of(parked.begin(), parked.end(), contains);
}

// Part by part: to ask each span of all parts would open row groups again and again where few stay
// open.
std::vector<bool> StoredSpans::KnownSpans::FindAll(
    const std::vector<span::SpanEntry>& spans, const std::vector<uint64_t>& content_hashes) const {
  std::vector<bool> found(parts.empty() ? 0 : spans.size());
  for (const PartPtr& part : parts) part->MarkContained(spans, content_hashes, &found);
  return found;
}

// A span that was sent twice has the same start, so only places around the chunk's starts matter.
StoredSpans::KnownSpans StoredSpans::KnownAround(const span::SpanChunk& chunk) const {
  uint64_t min_start = UINT64_MAX;
  uint64_t max_start = 0;
  for (const span::SpanEntry& entry : chunk.spans) {
    min_start = std::min(min_start, entry.start_time_unix_nano);
    max_start = std::max(max_start, entry.start_time_unix_nano);
  }
  KnownSpans known;
  base::MutexLock lock(mutex_);
  for (const FullHead& full : full_) {
    if (full.head != nullptr && full.head->Overlaps(min_start, max_start)) {
      known.heads.push_back(full.head);
    }
    if (full.parked != nullptr && full.parked->Overlaps(min_start, max_start)) {
      known.parked.push_back(full.parked);
    }
  }
  for (const PartPtr& part : parts_) {
    const PartFooter& footer = part->footer();
    const bool overlaps = footer.max_start >= min_start && footer.min_start <= max_start;
    if (overlaps && !part->damaged()) known.parts.push_back(part);
  }
  return known;
}

bool StoredSpans::AddToOpenHead(const Chunks& chunks, uint64_t sequence) {
  size_t added = 0;
  size_t left_out = 0;
  if (open_first_ == 0) open_first_ = sequence;
  for (const auto& chunk : chunks) {
    added += chunk->spans.size();
    left_out += open_->Add(chunk, KnownAround(*chunk));
  }
  open_->NoteSequence(sequence, options_.clock->NowSteady());
  stored_.Add(added - left_out);
  resent_.Add(left_out);
  return open_->byte_size() >= options_.seal_bytes || open_->row_count() >= options_.seal_spans;
}

void StoredSpans::PushOpenHead() {
  base::MutexLock lock(mutex_);
  PushFull({std::move(open_), nullptr});
}

// Nobody else has seen the head yet.
void StoredSpans::ParkOpenHead() {
  auto parked = std::make_shared<const ParkedHead>(*open_, recovered_);
  recovered_.clear();
  base::MutexLock lock(mutex_);
  PushFull({nullptr, std::move(parked)});
}

void StoredSpans::PushFull(FullHead full) {
  CountFull(full, 1);
  full_.push_back(std::move(full));
  open_ = std::make_shared<Head>();
  open_first_ = 0;
  CountOpenHead();
}

void StoredSpans::CountFull(const FullHead& full, int sign) {
  const HeadBytes bytes = full.bytes();
  full_bytes_ += sign * bytes.all;
  sign > 0 ? memory_.Add(bytes) : memory_.Remove(bytes);
  full_spans_ += sign * full.row_count();
}

void StoredSpans::CountOpenHead() {
  CountOpenBytes(open_->row_count() == 0 ? HeadBytes() : open_->bytes());
  open_spans_ = open_->row_count();
}

void StoredSpans::CountOpenBytes(HeadBytes bytes) {
  memory_.Add(bytes);
  memory_.Remove(counted_open_);
  counted_open_ = bytes;
  open_bytes_ = bytes.all;
}

uint64_t FullHead::first_sequence() const {
  return parked != nullptr ? parked->first_sequence() : head->first_sequence();
}

uint64_t FullHead::last_sequence() const {
  return parked != nullptr ? parked->last_sequence() : head->last_sequence();
}

// The spans of a parked head are in the log.
HeadBytes FullHead::bytes() const {
  if (parked != nullptr) return {parked->byte_size(), parked->byte_size()};
  return head->bytes();
}

size_t FullHead::row_count() const {
  return parked != nullptr ? parked->row_count() : head->row_count();
}

HeadView FullHead::View() const {
  return parked != nullptr ? HeadView(parked) : HeadView(head);
}

}  // namespace spandrel::columnar
