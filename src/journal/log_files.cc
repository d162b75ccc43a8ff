// SPDX-License-Identifier: Apache-2.0
#include "journal/log_files.h"

#include <algorithm>

#include "base/log.h"
#include "disk/directory.h"
#include "disk/mutant.h"
#include "journal/log_record.h"

namespace spandrel::journal {
namespace {

using base::Result;
using base::Status;

constexpr size_t kMaxSpares = 2;
constexpr std::chrono::milliseconds kRetryWhenFull{1000};

void RemoveOrWarn(const LogOptions& options, const std::string& path) {
  Status removed = options.CheckPlace();
  if (removed.ok()) removed = disk::RemoveFile(path);
  if (!removed.ok()) base::LogWarn("cannot remove log file: {}", removed.message());
}

uint64_t BytesOfFiles(const std::vector<ClosedLogFile>& files) {
  uint64_t bytes = 0;
  for (const ClosedLogFile& file : files) bytes += file.bytes;
  return bytes;
}

}  // namespace

LogFiles::LogFiles(const LogOptions& options, std::vector<ClosedLogFile> found,
                   EpochSource new_epoch, disk::SpaceReserve* reserve)
    : options_(options),
      new_epoch_(std::move(new_epoch)),
      reserve_(reserve),
      closed_(std::move(found)) {
  for (const ClosedLogFile& file : closed_) last_number_ = std::max(last_number_, file.number);
}

void LogFiles::RemoveOldSpares() const {
  const Result<std::vector<disk::NumberedFile>> spares =
      disk::ListNumberedFiles(options_.paths.folder, kSpareLogExtension);
  if (!spares.ok()) return base::LogWarn("spare log files: {}", spares.status().message());
  for (const disk::NumberedFile& spare : *spares) RemoveOrWarn(options_, spare.path);
}

Result<OpenLogFile> LogFiles::OpenNext(uint64_t room, uint32_t skipped) {
  SPANDREL_RETURN_IF_ERROR(options_.CheckPlace());
  const uint64_t size = std::max(options_.max_file_bytes, kLogFileHeaderSize + room);
  std::optional<ClosedLogFile> spare;
  if (size == options_.max_file_bytes) spare = TakeSpare();
  if (!spare) return Create(size, skipped);
  Result<OpenLogFile> reused = Reuse(*spare, skipped);
  if (reused.ok()) return reused;
  base::LogWarn("spare log file given up: {}", reused.status().message());
  RemoveOrWarn(options_, spare->path);
  return Create(size, skipped);
}

Result<OpenLogFile> LogFiles::Create(uint64_t size, uint32_t skipped) {
  if (reserve_ != nullptr && !reserve_->Keep()) {
    return Status::Unavailable("disk is full", kRetryWhenFull);
  }
  const uint64_t number = ++last_number_;
  Result<disk::File> file = disk::File::Create(options_.paths.File(number));
  if (!file.ok()) return file.status();
  OpenLogFile opened{std::move(*file), number, new_epoch_(), skipped, size, kLogFileHeaderSize};
  Status status = opened.file.Preallocate(size);
  if (status.ok()) status = WriteHeader(&opened, false);
  if (status.ok() && options_.durability == Durability::kFsync) {
    status = opened.file.SyncAll();
    if (status.ok()) status = disk::SyncFolder(options_.paths.folder);
  }
  if (!status.ok()) {
    RemoveOrWarn(options_, opened.file.path());
    return status;
  }
  SetOpenBytes(size);
  return opened;
}

Result<OpenLogFile> LogFiles::Reuse(const ClosedLogFile& spare, uint32_t skipped) {
  const uint64_t number = ++last_number_;
  Result<disk::File> file = disk::File::OpenToWrite(spare.path);
  if (!file.ok()) return file.status();
  OpenLogFile opened{std::move(*file), number,      new_epoch_(),
                     skipped,          spare.bytes, kLogFileHeaderSize};
  const bool synced = options_.durability == Durability::kFsync;
  SPANDREL_RETURN_IF_ERROR(WriteHeader(&opened, true));
  if (synced) SPANDREL_RETURN_IF_ERROR(opened.file.SyncData());
  SPANDREL_RETURN_IF_ERROR(opened.file.Rename(options_.paths.File(number)));
  const Status status = synced ? disk::SyncFolder(options_.paths.folder) : Status();
  if (!status.ok()) {
    RemoveOrWarn(options_, opened.file.path());
    return status;
  }
  SetOpenBytes(spare.bytes);
  return opened;
}

Status LogFiles::WriteHeader(OpenLogFile* opened, bool reused) const {
  const LogFileHeader header = EncodeLogFileHeader(opened->epoch, reused, opened->skipped);
  std::string bytes(header.data(), header.size());
  bytes.append(kLogEndMark);
  return opened->file.WriteAt(bytes, 0);
}

// Best effort: what stays behind is not acknowledged, and replay tells it apart.
void LogFiles::Close(OpenLogFile opened, Tail tail) {
  const bool keeps_nothing = opened.last_sequence == 0;
  Status cut;
  if (keeps_nothing) {
    RemoveOrWarn(options_, opened.file.path());
  } else if (tail == Tail::kCut) {
    cut = opened.file.Truncate(opened.at);
  }
  if (!cut.ok()) base::LogWarn("log file keeps unused bytes: {}", cut.message());
  {
    base::MutexLock lock(mutex_);
    open_bytes_ = 0;
    if (keeps_nothing) return;
    const bool whole = tail == Tail::kKeepSpace;
    closed_.push_back({opened.number, opened.file.path(), opened.last_sequence,
                       whole ? opened.size : opened.at,
                       whole && opened.size == options_.max_file_bytes});
  }
  Release(0);
}

void LogFiles::Release(uint64_t sequence) {
  std::vector<ClosedLogFile> done;
  {
    base::MutexLock lock(mutex_);
    released_ = std::max(released_, sequence);
    if (disk::MutantIs(disk::Mutant::kEarlyLogRelease)) released_ = UINT64_MAX;
    const auto keep = [&](const ClosedLogFile& f)
                          SPANDREL_REQUIRES(mutex_) { return f.last_sequence > released_; };
    const auto first = std::partition(closed_.begin(), closed_.end(), keep);
    done.assign(first, closed_.end());
    closed_.erase(first, closed_.end());
  }
  for (const ClosedLogFile& file : done) {
    if (!KeepAsSpare(file)) RemoveOrWarn(options_, file.path);
  }
}

bool LogFiles::KeepAsSpare(const ClosedLogFile& file) {
  base::MutexLock lock(mutex_);
  const bool space_is_short = reserve_ != nullptr && reserve_->given_up();
  if (!file.reusable || !keeps_spares_ || space_is_short || spares_.size() >= kMaxSpares ||
      !options_.CheckPlace().ok()) {
    return false;
  }
  ClosedLogFile spare = file;
  spare.path = options_.paths.SpareFile(file.number);
  if (!disk::RenameFile(file.path, spare.path).ok()) return false;
  spares_.push_back(std::move(spare));
  return true;
}

void LogFiles::Shrink() {
  std::vector<ClosedLogFile> spares;
  {
    base::MutexLock lock(mutex_);
    keeps_spares_ = false;
    spares.swap(spares_);
  }
  for (const ClosedLogFile& spare : spares) RemoveOrWarn(options_, spare.path);
}

std::optional<ClosedLogFile> LogFiles::TakeSpare() {
  base::MutexLock lock(mutex_);
  if (spares_.empty()) return std::nullopt;
  ClosedLogFile spare = std::move(spares_.back());
  spares_.pop_back();
  return spare;
}

void LogFiles::SetOpenBytes(uint64_t bytes) {
  base::MutexLock lock(mutex_);
  open_bytes_ = bytes;
  keeps_spares_ = true;
}

uint64_t LogFiles::disk_bytes() const {
  base::MutexLock lock(mutex_);
  return open_bytes_ + BytesOfFiles(closed_) + BytesOfFiles(spares_);
}

}  // namespace spandrel::journal
