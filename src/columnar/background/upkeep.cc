// SPDX-License-Identifier: Apache-2.0
#include "columnar/background/upkeep.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "columnar/compaction/apply_policy.h"
#include "columnar/compaction/choice.h"
#include "columnar/compaction/merge.h"
#include "columnar/part/write/seal.h"
#include "disk/directory.h"
#include "disk/file.h"

namespace spandrel::columnar {
namespace {

using base::Status;

PartFacts FactsOf(const Part& part) {
  return {part.file_size(),        part.footer().row_count, part.dictionary_size(),
          part.footer().min_start, part.footer().max_start, part.footer().policy.has_value()};
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

Upkeep::Upkeep(const EngineOptions& options, StoreLayout layout, PartSet& parts,
               StoredSpans& stored, SharedStore shared, base::MetricRegistry& metrics)
    : options_(options),
      layout_(std::move(layout)),
      parts_(parts),
      stored_(stored),
      shared_(std::move(shared)),
      seals_(metrics.AddCounter("spandrel_store_seals_total")),
      merges_(metrics.AddCounter("spandrel_store_merges_total")),
      mended_pages_(metrics.AddCounter("spandrel_store_mended_pages_total")),
      retention_(options, layout_, metrics),
      scrub_(metrics) {}

Upkeep::Sealed Upkeep::Seal() {
  Sealed sealed;
  sealed.status = TrySeal(&sealed);
  // Where the whole directory is missing, the log refuses.
  folder_is_missing_ =
      sealed.status.code() == base::StatusCode::kNotFound && shared_.check_place().ok();
  return sealed;
}

Status Upkeep::TrySeal(Sealed* sealed) {
  const StoredSpans::Rotation rotation = stored_.CloseHead(seal_all_.exchange(false));
  sealed->due_in = rotation.due_in;
  SPANDREL_RETURN_IF_ERROR(shared_.check_place());
  SPANDREL_RETURN_IF_ERROR(ReleaseEmpty(rotation));
  return SealFullHeads(&sealed->any);
}

void Upkeep::StartClock() {
  if (clock_started_ || !disk::FileExists(layout_.PartFolder())) return;
  retention_.Start(FactsOf(parts_.parts()));
  clock_started_ = true;
}

Status Upkeep::Tidy() {
  StartClock();
  // A tenant whose spans are all in the log has nothing on disk yet.
  if (!clock_started_) return {};
  SPANDREL_RETURN_IF_ERROR(shared_.check_place());
  const auto install = [this](const std::vector<PartPtr>& parts) { stored_.Install(parts); };
  Status status = parts_.QuarantineDamaged(install);
  if (status.ok()) status = RewriteDamaged();
  if (status.ok()) status = DropExpired();
  if (status.ok()) status = ApplyPolicyWhileUseful();
  if (status.ok()) status = MergeWhileUseful();
  for (const PartPtr& part : parts_.parts()) part->ReleasePages();
  return status;
}

void Upkeep::FindDamage(uint64_t* budget) {
  if (!shared_.check_place().ok()) return;
  const std::vector<PartPtr> parts = parts_.parts();
  scrub_.Run(parts, options_.clock->NowSteady(), budget);
  for (const PartPtr& part : parts) WriteBackMended(*part);
}

// Over what is there: a kill in between leaves a page that can be mended again.
void Upkeep::WriteBackMended(const Part& part) {
  const std::vector<PartFile::MendedPage> pages = part.file().mended_pages();
  if (pages.empty()) return;
  base::Result<disk::File> file = disk::File::OpenToWrite(part.path());
  Status written = file.status();
  for (size_t i = 0; written.ok() && i < pages.size(); ++i) {
    written = file->WriteAt(pages[i].bytes, pages[i].offset);
  }
  if (written.ok()) written = file->SyncData();
  if (!written.ok()) {
    return base::LogWarn("mended pages are not written back: {}", written.message());
  }
  part.file().ForgetMendedPages();
  mended_pages_.Add(pages.size());
  base::LogWarn("{}: {} damaged pages were mended", part.path(), pages.size());
}

void Upkeep::Close() {
  if (clock_started_ && shared_.check_place().ok()) retention_.Save();
  seal_all_ = true;
  const Sealed sealed = Seal();
  if (sealed.status.ok()) return;
  base::LogWarn("not sealed, will be replayed: {}", sealed.status.message());
}

// Their names must be on disk before a manifest is; the log has the spans until then.
Status Upkeep::MakeFolders() {
  if (has_folders_) return {};
  if (!disk::FileExists(layout_.PartFolder())) SPANDREL_RETURN_IF_ERROR(layout_.Make());
  has_folders_ = true;
  return {};
}

Status Upkeep::SealFullHeads(bool* any) {
  for (FullHead full = stored_.OldestFullHead(); !full.empty(); full = stored_.OldestFullHead()) {
    SPANDREL_RETURN_IF_ERROR(MakeFolders());
    SPANDREL_RETURN_IF_ERROR(SealOne(full));
    *any = true;
    shared_.release(parts_.released_through());
  }
  return {};
}

Status Upkeep::SealOne(const FullHead& full) {
  const auto began = std::chrono::steady_clock::now();
  const std::string scratch = layout_.SealScratch();
  const HeadPtr head = stored_.InMemory(full);
  SPANDREL_RETURN_IF_ERROR(
      disk::SpaceReserve::WithSpace(reserve_, [&] { return SealHead(*head, scratch); }));
  const uint64_t sealed = full.last_sequence();
  const auto install = [&](const std::vector<PartPtr>& parts) { stored_.Install(parts, sealed); };
  SPANDREL_RETURN_IF_ERROR(
      parts_.Publish(scratch, {}, install, shared_.released_after(stored_, sealed)));
  seals_.Add();
  if (shared_.sealed) shared_.sealed(full.row_count(), std::chrono::steady_clock::now() - began);
  return {};
}

// The manifest must know first: a start would miss the records otherwise.
Status Upkeep::ReleaseEmpty(const StoredSpans::Rotation& rotation) {
  if (rotation.nothing_below == 0) return {};
  SPANDREL_RETURN_IF_ERROR(MakeFolders());
  SPANDREL_RETURN_IF_ERROR(
      parts_.NoteSealed(rotation.nothing_below, shared_.released_after(stored_, 0)));
  shared_.release(parts_.released_through());
  return {};
}

// A part that had to be searched for its row groups is whole again, and found without a search by
// the next start. One that has lost something stays as it is until somebody asks for its repair.
Status Upkeep::RewriteDamaged() {
  const bool is_repair = repair_.exchange(false);
  for (const PartPtr& part : parts_.parts()) {
    const bool has_lost = part->has_damaged_group() || part->file().lost_spans() > 0;
    const bool is_due = has_lost ? is_repair : part->file().is_rebuilt();
    if (is_due && !part->damaged()) SPANDREL_RETURN_IF_ERROR(RewriteOne(part));
  }
  return {};
}

Status Upkeep::RewriteOne(const PartPtr& part) {
  const std::string scratch = layout_.MergeScratch();
  const Status written = RewriteReadable(part, scratch);
  if (written.code() == base::StatusCode::kDataLoss) return {};  // it goes to quarantine as a whole
  SPANDREL_RETURN_IF_ERROR(written);
  if (part->read_failed()) return {base::StatusCode::kDataLoss, "the disk failed below a part"};
  uint64_t lost = part->file().lost_spans();
  for (uint32_t i = 0; i < part->footer().groups.size(); ++i) {
    lost += part->IsGroupDamaged(i) ? part->footer().groups[i].row_count : 0;
  }
  return parts_.ReplaceDamaged(scratch, part, lost, [this](const std::vector<PartPtr>& changed) {
    stored_.Install(changed);
  });
}

Status Upkeep::MergeWhileUseful() {
  while (true) {
    const std::vector<PartPtr> parts = Undamaged(parts_.parts());
    const std::vector<PartPtr> chosen = Pick(parts, ChooseMerge(FactsOf(parts), options_));
    if (chosen.empty()) return {};
    const std::string scratch = layout_.MergeScratch();
    Status merged = MergeParts(chosen, scratch, options_.max_joined_bytes);
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

Status Upkeep::DropExpired() {
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

Status Upkeep::ApplyPolicyWhileUseful() {
  while (true) {
    const std::vector<PartPtr> parts = Undamaged(parts_.parts());
    const std::optional<size_t> chosen = retention_.ChooseForPolicy(FactsOf(parts));
    if (!chosen) return {};
    SPANDREL_RETURN_IF_ERROR(ApplyPolicyTo(parts[*chosen]));
  }
}

Status Upkeep::ApplyPolicyTo(const PartPtr& part) {
  const std::string scratch = layout_.MergeScratch();
  const std::vector<PartPtr> parts = parts_.parts();
  const base::Result<PolicyResult> result = ApplyPolicy(part, parts, options_.policy, scratch);
  if (!result.ok()) return result.status();
  if (AnyReadFailed(parts)) {
    return {base::StatusCode::kDataLoss, "the disk failed below a part"};
  }
  const auto install = [this](const std::vector<PartPtr>& changed) { stored_.Install(changed); };
  SPANDREL_RETURN_IF_ERROR(result->kept_spans > 0 ? parts_.Publish(scratch, {part}, install)
                                                  : parts_.Drop({part}, install));
  retention_.CountPolicy(*result);
  return {};
}

}  // namespace spandrel::columnar
