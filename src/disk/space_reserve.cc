// SPDX-License-Identifier: Apache-2.0
#include "disk/space_reserve.h"

#include <sys/statvfs.h>

#include <algorithm>

#include "base/log.h"
#include "base/mutex.h"
#include "disk/directory.h"
#include "disk/file.h"

namespace spandrel::disk {
namespace {

using base::Result;
using base::Status;

constexpr uint64_t kBlock = 4096;
constexpr uint64_t kPartOfDisk = 100;

struct DiskSpace {
  uint64_t total = 0;
  uint64_t free = 0;
};

DiskSpace SpaceAround(const std::string& path) {
  struct statvfs info {};
  const std::string folder = path.substr(0, path.rfind('/'));
  if (::statvfs(folder.c_str(), &info) != 0) return {};
  return {uint64_t{info.f_blocks} * info.f_frsize, uint64_t{info.f_bavail} * info.f_frsize};
}

}  // namespace

SpaceReserve::SpaceReserve(std::string path, uint64_t bytes) : path_(std::move(path)) {
  wanted_ = std::min(bytes, SpaceAround(path_).total / kPartOfDisk) / kBlock * kBlock;
  const Result<File> file = File::OpenToRead(path_);
  if (!file.ok()) return;
  const Result<uint64_t> size = file->Size();
  if (wanted_ > 0 && size.ok() && *size == wanted_) {
    held_ = wanted_.load();
    return;
  }
  const Status removed = RemoveFile(path_);
  if (!removed.ok()) base::LogWarn("cannot remove the reserve: {}", removed.message());
}

bool SpaceReserve::Keep() {
  if (!given_up()) return true;
  base::MutexLock lock(mutex_);
  if (!given_up()) return true;
  // As much again stays free, or the first that is written would be in need of the reserve.
  if (SpaceAround(path_).free < 2 * wanted_) return false;
  const Status made = Make();
  if (!made.ok()) {
    base::LogWarn("no reserve of disk space: {}", made.message());
    return false;
  }
  held_ = wanted_.load();
  return true;
}

Status SpaceReserve::Make() const {
  SPANDREL_RETURN_IF_ERROR(RemoveFile(path_));
  Result<File> file = File::Create(path_);
  if (!file.ok()) return file.status();
  Status status = file->Preallocate(wanted_);
  if (status.ok()) status = file->SyncAll();
  if (status.ok()) return status;
  const Status removed = RemoveFile(path_);
  return removed.ok() ? status : removed;
}

Status SpaceReserve::WithSpace(SpaceReserve* reserve, const std::function<Status()>& write) {
  Status status = write();
  if (reserve == nullptr || !IsDiskFull(status) || !reserve->GiveUp()) return status;
  base::LogWarn("disk is full, the reserve is used: {}", status.message());
  return write();
}

void SpaceReserve::Remove() {
  GiveUp();
  wanted_ = 0;
}

bool SpaceReserve::GiveUp() {
  base::MutexLock lock(mutex_);
  if (held_ == 0 || !RemoveFile(path_).ok()) return false;
  held_ = 0;
  return true;
}

}  // namespace spandrel::disk
