// SPDX-License-Identifier: Apache-2.0
#include "columnar/background/maintenance.h"

#include <malloc.h>

#include <algorithm>

#include "base/log.h"
#include "columnar/compaction/merge.h"
#include "columnar/compaction/policy.h"
#include "columnar/compaction/thin_part.h"
#include "columnar/options/store_layout.h"
#include "columnar/part/write/seal.h"

namespace spandrel::columnar {
namespace {

using base::Status;

constexpr std::chrono::milliseconds kRetryAfterFailure{1000};
constexpr std::chrono::milliseconds kExpiryInterval{60'000};

PartFacts FactsOf(const Part& part) {
  return {part.file_size(),        part.footer().row_count, part.dictionary_size(),
          part.footer().min_start, part.footer().max_start, part.footer().thinned.has_value()};
}

std::vector<PartFacts> FactsOf(const std::vector<PartPtr>& parts) {
  std::vector<PartFacts> facts;
  facts.reserve(parts.size());
  for (const PartPtr& part : parts) facts.push_back(FactsOf(*part));
  return facts;
}

std::vector<PartPtr> Pick(const std::vector<PartPtr>& parts, const std::vector<size_t>& chosen) {
  std::vector<PartPtr> picked;
  picked.reserve(chosen.size());
  for (const size_t at : chosen) picked.push_back(parts[at]);
  return picked;
}

// A part with a damaged row group stays as it is, so that what can still be read of it is.
std::vector<PartPtr> Undamaged(std::vector<PartPtr> parts) {
  std::erase_if(parts,
                [](const PartPtr& part) { return part->damaged() || part->has_damaged_group(); });
  return parts;
}

bool AnyReadFailed(const std::vector<PartPtr>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [](const PartPtr& part) { return part->read_failed(); });
}

}  // namespace

Maintenance::Maintenance(const EngineOptions& options, StoreLayout layout, PartSet& parts,
                         StoredSpans& stored, disk::SpaceReserve* reserve,
                         base::MetricRegistry& metrics)
    : options_(options),
      layout_(std::move(layout)),
      parts_(parts),
      stored_(stored),
      reserve_(reserve),
      seals_(
          metrics.AddCounter("spandrel_store_seals_total", "Heads that were sealed into parts.")),
      merges_(metrics.AddCounter("spandrel_store_merges_total", "Merges of parts.")),
      failures_(metrics.AddCounter("spandrel_store_maintenance_failures_total",
                                   "Seals, merges and removals that failed and are tried again.")),
      retention_(options, layout_, metrics) {}

void Maintenance::Start(SpanLog& log) {
  log_ = &log;
  retention_.Start(FactsOf(parts_.parts()));
  sealer_.Start("spandrel-seal", [this] { return SealRound(); });
  tidier_.Start("spandrel-tidy", [this] { return TidyRound(); });
  sealer_.Wake();
  tidier_.Wake();
}

void Maintenance::Stop() {
  sealer_.Stop();
  tidier_.Stop();
  retention_.Save();
  ReleaseEmpty(stored_.CloseHead(true));
  const Status sealed = SealFullHeads();
  if (!sealed.ok()) base::LogWarn("not sealed, will be replayed: {}", sealed.message());
}

void Maintenance::RunNow() {
  seal_now_ = true;
  sealer_.RunNow();
  tidier_.RunNow();
}

Status Maintenance::SealFullHeads() {
  for (FullHead full = stored_.OldestFullHead(); !full.empty(); full = stored_.OldestFullHead()) {
    SPANDREL_RETURN_IF_ERROR(SealOne(full));
    ReleaseLog();
  }
  return {};
}

std::optional<std::chrono::milliseconds> Maintenance::SealRound() {
  const StoredSpans::Rotation rotation = stored_.CloseHead(seal_now_.exchange(false));
  ReleaseEmpty(rotation);
  if (stored_.OldestFullHead().empty()) return rotation.due_in;
  const Status sealed = SealFullHeads();
  if (!sealed.ok()) {
    failures_.Add();
    base::LogError("cannot seal, trying again: {}", sealed.message());
    return kRetryAfterFailure;
  }
  // Under load the freed memory is wanted again at once; giving it back would only cost faults.
  if (stored_.head_bytes() < options_.seal_bytes / 8) ::malloc_trim(0);
  tidier_.Wake();
  return rotation.due_in;
}

Status Maintenance::SealOne(const FullHead& full) {
  const std::string scratch = layout_.SealScratch();
  const HeadPtr head = stored_.InMemory(full);
  SPANDREL_RETURN_IF_ERROR(
      disk::SpaceReserve::WithSpace(reserve_, [&] { return SealHead(*head, scratch); }));
  SPANDREL_RETURN_IF_ERROR(parts_.Publish(scratch, {}, [&](const std::vector<PartPtr>& parts) {
    stored_.Install(parts, full.last_sequence());
  }));
  seals_.Add();
  return {};
}

// The manifest must know first: a start would miss the records otherwise.
void Maintenance::ReleaseEmpty(const StoredSpans::Rotation& rotation) {
  if (rotation.nothing_below == 0 || !parts_.NoteSealed(rotation.nothing_below).ok()) return;
  ReleaseLog();
}

void Maintenance::ReleaseLog() {
  if (log_ != nullptr) log_->Release(parts_.sealed_through());
}

std::optional<std::chrono::milliseconds> Maintenance::TidyRound() {
  const auto install = [this](const std::vector<PartPtr>& parts) { stored_.Install(parts); };
  Status status = parts_.QuarantineDamaged(install);
  if (status.ok()) status = DropExpired();
  if (status.ok()) status = ThinWhileUseful();
  if (status.ok()) status = MergeWhileUseful();
  for (const PartPtr& part : parts_.parts()) part->ReleasePages();
  if (!status.ok()) {
    failures_.Add();
    base::LogError("cannot tidy up, trying again: {}", status.message());
    return kRetryAfterFailure;
  }
  return kExpiryInterval;
}

Status Maintenance::MergeWhileUseful() {
  while (true) {
    const std::vector<PartPtr> parts = Undamaged(parts_.parts());
    const std::vector<PartPtr> chosen = Pick(parts, ChooseMerge(FactsOf(parts), options_));
    if (chosen.empty()) return {};
    const std::string scratch = layout_.MergeScratch();
    Status merged = MergeParts(chosen, scratch);
    if (merged.ok() && AnyReadFailed(chosen)) {
      merged = Status(base::StatusCode::kDataLoss, "the disk failed below a part");
    }
    if (merged.code() == base::StatusCode::kDataLoss) {
      base::LogError("not merged: {}", merged.message());
      continue;
    }
    SPANDREL_RETURN_IF_ERROR(merged);
    SPANDREL_RETURN_IF_ERROR(
        parts_.Publish(scratch, chosen,
                       [this](const std::vector<PartPtr>& changed) { stored_.Install(changed); }));
    merges_.Add();
  }
}

Status Maintenance::DropExpired() {
  const std::vector<PartPtr> parts = parts_.parts();
  const std::vector<PartFacts> facts = FactsOf(parts);
  const std::vector<ExpiredPart> expired = retention_.Choose(facts);
  if (expired.empty()) return {};
  std::vector<size_t> chosen;
  chosen.reserve(expired.size());
  for (const ExpiredPart& part : expired) chosen.push_back(part.at);
  SPANDREL_RETURN_IF_ERROR(
      parts_.Drop(Pick(parts, chosen),
                  [this](const std::vector<PartPtr>& changed) { stored_.Install(changed); }));
  retention_.CountDropped(facts, expired);
  return {};
}

Status Maintenance::ThinWhileUseful() {
  while (true) {
    const std::vector<PartPtr> parts = Undamaged(parts_.parts());
    const std::optional<size_t> chosen = retention_.ChooseThinning(FactsOf(parts));
    if (!chosen) return {};
    SPANDREL_RETURN_IF_ERROR(Thin(parts[*chosen]));
  }
}

Status Maintenance::Thin(const PartPtr& part) {
  const std::string scratch = layout_.MergeScratch();
  const std::vector<PartPtr> parts = parts_.parts();
  const base::Result<ThinnedPart> thinned = ThinPart(part, parts, options_.thinning, scratch);
  if (!thinned.ok()) return thinned.status();
  if (AnyReadFailed(parts)) {
    return {base::StatusCode::kDataLoss, "the disk failed below a part"};
  }
  const auto install = [this](const std::vector<PartPtr>& changed) { stored_.Install(changed); };
  SPANDREL_RETURN_IF_ERROR(thinned->kept_spans > 0 ? parts_.Publish(scratch, {part}, install)
                                                   : parts_.Drop({part}, install));
  retention_.CountThinned(*thinned);
  return {};
}

}  // namespace spandrel::columnar
