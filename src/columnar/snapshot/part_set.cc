// SPDX-License-Identifier: Apache-2.0
#include "columnar/snapshot/part_set.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "columnar/snapshot/damage_notes.h"
#include "disk/mutant.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

bool IsDamage(const Status& status) {
  return status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kNotFound;
}

bool Holds(const std::vector<PartPtr>& parts, const PartPtr& part) {
  return std::find(parts.begin(), parts.end(), part) != parts.end();
}

std::vector<PartPtr> Without(const std::vector<PartPtr>& parts, const std::vector<PartPtr>& gone) {
  std::vector<PartPtr> kept;
  for (const PartPtr& part : parts) {
    if (!Holds(gone, part)) kept.push_back(part);
  }
  return kept;
}

void RemoveFilesOf(const std::vector<PartPtr>& parts) {
  for (const PartPtr& part : parts) {
    const Status removed = disk::RemoveFile(part->path());
    if (!removed.ok()) base::LogWarn("cannot remove part: {}", removed.message());
  }
}

}  // namespace

Result<std::unique_ptr<PartSet>> PartSet::Open(const StoreLayout& layout,
                                               base::MetricRegistry& metrics,
                                               std::shared_ptr<OpenParts> open_parts) {
  std::unique_ptr<PartSet> set(new PartSet(layout, metrics, std::move(open_parts)));
  base::MutexLock lock(set->mutex_);
  SPANDREL_RETURN_IF_ERROR(set->FindParts());
  for (const LostSpans& lost : FindLostParts(layout.QuarantineFolder())) {
    set->other_lost_.push_back(lost);
  }
  if (!layout.read_only) SPANDREL_RETURN_IF_ERROR(set->RemoveStrays());
  return set;
}

std::unique_ptr<PartSet> PartSet::MakeEmpty(const StoreLayout& layout,
                                            base::MetricRegistry& metrics,
                                            std::shared_ptr<OpenParts> open_parts) {
  return std::unique_ptr<PartSet>(new PartSet(layout, metrics, std::move(open_parts)));
}

PartSet::PartSet(StoreLayout layout, base::MetricRegistry& metrics,
                 std::shared_ptr<OpenParts> open_parts)
    : layout_(std::move(layout)),
      open_parts_(std::move(open_parts)),
      quarantined_(metrics.AddCounter("spandrel_store_quarantined_parts_total")),
      damaged_manifests_(metrics.AddCounter("spandrel_store_damaged_manifests_total")),
      unreadable_spans_(metrics.AddCounter("spandrel_store_unreadable_spans_total")) {}

std::vector<PartPtr> PartSet::parts() const {
  base::MutexLock lock(mutex_);
  return parts_;
}

void PartSet::TellLost(const storage::QueryContext& context) const {
  base::MutexLock lock(mutex_);
  for (const LostSpans& lost : other_lost_) context.NoteUnreadable(lost.place, lost.spans);
  for (const PartPtr& part : lost_) DamageNotes::TellOf(*part, context);
  for (const PartPtr& part : parts_) {
    if (part->damaged()) DamageNotes::TellOf(*part, context);
    const uint64_t lost = part->file().lost_spans();
    if (lost > 0) context.NoteUnreadable(part->footer().file_id - 1, lost);
  }
}

uint64_t PartSet::sealed_through() const {
  base::MutexLock lock(mutex_);
  return manifest_.sealed_through;
}

uint64_t PartSet::released_through() const {
  base::MutexLock lock(mutex_);
  return manifest_.released_through;
}

Status PartSet::Publish(const std::string& file, const std::vector<PartPtr>& replaced,
                        const Install& install, uint64_t released) {
  base::MutexLock lock(mutex_);
  Manifest changed = manifest_;
  const uint64_t number = changed.next_part_number++;
  const std::string path = layout_.PartFile(number);
  SPANDREL_RETURN_IF_ERROR(disk::RenameFile(file, path));
  SPANDREL_RETURN_IF_ERROR(disk::SyncFolder(layout_.PartFolder()));
  Result<PartPtr> part = Part::Open(path, number, &unreadable_spans_, open_parts_);
  if (!part.ok()) return part.status();
  changed.sealed_through = std::max(changed.sealed_through, (*part)->footer().sealed_through);
  changed.released_through = std::max(changed.released_through, released);
  std::vector<PartPtr> parts = Without(parts_, replaced);
  parts.push_back(std::move(*part));
  if (disk::MutantIs(disk::Mutant::kEarlyInputRemoval)) RemoveFilesOf(replaced);
  Status committed = Commit(std::move(parts), std::move(changed));
  if (!committed.ok()) {
    // The manifest may or may not have reached the disk, so the file stays; a start removes it if
    // it is a stray. Its number is not used again.
    ++manifest_.next_part_number;
    return committed;
  }
  install(parts_);
  RemoveFilesOf(replaced);
  return {};
}

Status PartSet::NoteSealed(uint64_t sequence, uint64_t released) {
  base::MutexLock lock(mutex_);
  if (sequence <= manifest_.sealed_through && released <= manifest_.released_through) return {};
  Manifest changed = manifest_;
  changed.sealed_through = std::max(changed.sealed_through, sequence);
  changed.released_through = std::max(changed.released_through, released);
  return Commit(parts_, std::move(changed));
}

Status PartSet::Drop(const std::vector<PartPtr>& dropped, const Install& install) {
  base::MutexLock lock(mutex_);
  SPANDREL_RETURN_IF_ERROR(Commit(Without(parts_, dropped), manifest_));
  install(parts_);
  RemoveFilesOf(dropped);
  return {};
}

// Named twice until the manifest is without it: a kill in between counts too much, not too little.
Status PartSet::ReplaceDamaged(const std::string& file, const PartPtr& damaged, uint64_t lost_spans,
                               const Install& install) {
  if (lost_spans > 0) {
    const Result<LostSpans> kept =
        KeepRest(damaged->path(), layout_.QuarantineFolder(), lost_spans);
    if (!kept.ok()) return kept.status();
    base::MutexLock lock(mutex_);
    other_lost_.push_back(*kept);
  }
  return Publish(file, {damaged}, install);
}

Status PartSet::QuarantineDamaged(const Install& install) {
  base::MutexLock lock(mutex_);
  std::vector<PartPtr> damaged;
  for (const PartPtr& part : parts_) {
    if (part->damaged()) damaged.push_back(part);
  }
  if (damaged.empty()) return {};
  SPANDREL_RETURN_IF_ERROR(Commit(Without(parts_, damaged), manifest_));
  install(parts_);
  lost_.insert(lost_.end(), damaged.begin(), damaged.end());
  for (const PartPtr& part : damaged) {
    const Status why(
        StatusCode::kDataLoss,
        part->path() + ": damaged, " + std::to_string(part->footer().row_count) + " spans");
    SPANDREL_RETURN_IF_ERROR(SetAside(part->path(), why));
  }
  return {};
}

Status PartSet::FindParts() {
  if (!disk::FileExists(layout_.PartFolder()) && !disk::FileExists(layout_.ManifestFile())) {
    return {};
  }
  const bool has_manifest = disk::FileExists(layout_.ManifestFile());
  Result<std::optional<Manifest>> manifest = LoadManifest(layout_);
  if (!manifest.ok()) return manifest.status();
  if (*manifest) return OpenListed(**manifest);
  if (has_manifest) {
    damaged_manifests_.Add();
    if (layout_.read_only) damage_.push_back({layout_.ManifestFile(), "manifest is damaged"});
  }
  Result<std::vector<disk::NumberedFile>> files =
      disk::ListNumberedFiles(layout_.PartFolder(), "part");
  if (!files.ok()) return files.status();
  return files->empty() ? Status() : AdoptAll(*files);
}

Status PartSet::OpenListed(const Manifest& listed) {
  manifest_ = listed;
  std::vector<PartPtr> parts;
  for (const Manifest::PartEntry& entry : listed.parts) {
    const std::string path = layout_.PartFile(entry.number);
    Result<PartPtr> part = Part::Open(path, entry.number, &unreadable_spans_, open_parts_);
    if (part.ok() && (*part)->footer().file_id != entry.file_id) {
      part = Status(StatusCode::kDataLoss, path + ": is another part than the manifest names");
    }
    if (part.ok()) {
      parts.push_back(std::move(*part));
    } else if (IsDamage(part.status())) {
      SPANDREL_RETURN_IF_ERROR(SetAside(path, part.status()));
    } else {
      return part.status();
    }
  }
  if (parts.size() == listed.parts.size()) {
    parts_ = std::move(parts);
    return {};
  }
  return Commit(std::move(parts), listed);
}

Status PartSet::AdoptAll(const std::vector<disk::NumberedFile>& files) {
  Manifest found;
  std::vector<PartPtr> readable;
  std::set<uint64_t> replaced;
  for (const disk::NumberedFile& file : files) {
    found.next_part_number = file.number + 1;
    Result<PartPtr> part = Part::Open(file.path, file.number, &unreadable_spans_, open_parts_);
    if (part.ok()) {
      const PartFooter& footer = (*part)->footer();
      replaced.insert(footer.replaces.begin(), footer.replaces.end());
      found.sealed_through = std::max(found.sealed_through, footer.sealed_through);
      found.released_through = found.sealed_through;
      readable.push_back(std::move(*part));
    } else if (IsDamage(part.status())) {
      SPANDREL_RETURN_IF_ERROR(SetAside(file.path, part.status()));
    } else {
      return part.status();
    }
  }
  std::erase_if(readable, [&](const PartPtr& part) { return replaced.contains(part->number()); });
  return Commit(std::move(readable), std::move(found));
}

Status PartSet::SetAside(const std::string& path, const Status& why) {
  if (layout_.read_only) {
    damage_.push_back({path, why.message()});
    other_lost_.push_back(LostPart(path));
    return {};
  }
  quarantined_.Add();
  base::LogError("part set aside: {}", why.message());
  // A later start is to know of it too.
  if (why.code() == StatusCode::kNotFound) return MarkAsLost(path, layout_.QuarantineFolder());
  return disk::QuarantineFile(path, layout_.QuarantineFolder());
}

Status PartSet::RemoveStrays() {
  if (!disk::FileExists(layout_.PartFolder())) return {};
  SPANDREL_RETURN_IF_ERROR(disk::RemoveFile(layout_.SealScratch()));
  SPANDREL_RETURN_IF_ERROR(disk::RemoveFile(layout_.MergeScratch()));
  Result<std::vector<disk::NumberedFile>> files =
      disk::ListNumberedFiles(layout_.PartFolder(), "part");
  if (!files.ok()) return files.status();
  for (const disk::NumberedFile& file : *files) {
    const bool known = std::any_of(parts_.begin(), parts_.end(), [&](const PartPtr& part) {
      return part->number() == file.number;
    });
    if (!known) SPANDREL_RETURN_IF_ERROR(disk::RemoveFile(file.path));
    manifest_.next_part_number = std::max(manifest_.next_part_number, file.number + 1);
  }
  return {};
}

Status PartSet::Commit(std::vector<PartPtr> parts, Manifest changed) {
  changed.parts.clear();
  for (const PartPtr& part : parts) {
    changed.parts.push_back({part->number(), part->footer().file_id});
  }
  const auto save = [&] { return SaveManifest(layout_, changed); };
  if (!layout_.read_only) SPANDREL_RETURN_IF_ERROR(disk::SpaceReserve::WithSpace(reserve_, save));
  manifest_ = std::move(changed);
  parts_ = std::move(parts);
  return {};
}

}  // namespace spandrel::columnar
