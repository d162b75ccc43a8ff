// SPDX-License-Identifier: Apache-2.0
#include "journal/log_file_bytes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crc32c.h"
#include "disk/mutant.h"

namespace spandrel::journal {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr uint64_t kPageSize = 4096;

}  // namespace

Result<LogFileBytesPtr> LogFileBytes::Open(const std::string& path) {
  const Result<disk::File> file = disk::File::OpenToRead(path);
  if (!file.ok()) return file.status();
  const Result<uint64_t> end = file->DataEnd();
  if (!end.ok()) return end.status();
  if (*end == 0) return LogFileBytesPtr(new LogFileBytes(path, 0, std::nullopt));
  Result<disk::MappedFile> map = disk::MappedFile::Open(path);
  if (!map.ok()) return map.status();
  return LogFileBytesPtr(new LogFileBytes(path, *end, std::move(*map)));
}

std::string_view LogFileBytes::bytes() const {
  return map_ ? map_->bytes().substr(0, end_) : std::string_view();
}

uint64_t LogFileBytes::CountUnreadable() const {
  const Result<disk::File> file = disk::File::OpenToRead(path_);
  if (!file.ok()) return end_;
  uint64_t unreadable = 0;
  for (uint64_t at = 0; at < end_; at += kPageSize) {
    const uint64_t size = std::min(kPageSize, end_ - at);
    if (!file->ReadAt(at, size).ok()) unreadable += size;
  }
  return unreadable;
}

void LogFileBytes::Populate() const {
  if (map_) map_->Populate();
}

void LogFileBytes::ReleasePages() const {
  if (map_) map_->ReleasePages();
}

Result<std::string> LogPlace::ReadChecked() const {
  Result<std::string> payload = ReadBody();
  if (payload.ok()) payload->erase(0, key_room);
  return payload;
}

Result<std::string> LogPlace::ReadCheckedKey() const {
  Result<std::string> body = ReadBody();
  if (!body.ok()) return body;
  return key_room == 0 ? std::string() : body->substr(1, key_room - 1);
}

Result<std::string> LogPlace::ReadBody() const {
  std::string copy(body());
  if (base::Crc32c(copy) == crc || disk::MutantIs(disk::Mutant::kNoLogChecksum)) return copy;
  // A page that could not be read once stays zeros in the map.
  const Result<disk::File> again = disk::File::OpenToRead(file->path());
  Result<std::string> read = again.ok() ? again->ReadAt(offset, size) : again.status();
  if (read.ok() && base::Crc32c(*read) == crc) return read;
  return Status(StatusCode::kDataLoss,
                fmt::format("{}: record at {} cannot be read", file->path(), offset));
}

}  // namespace spandrel::journal
