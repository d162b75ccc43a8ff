// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/retention_file.h"

#include <string>

#include "base/crc32c.h"
#include "base/fixed.h"
#include "base/log.h"
#include "disk/directory.h"
#include "disk/file.h"

namespace spandrel::columnar {
namespace {

constexpr size_t kFileBytes = 20;

std::string PathIn(const StoreLayout& layout) {
  return layout.root + "/retention-clock";
}

std::string Encode(uint64_t unix_nano) {
  std::string bytes;
  base::AppendFixed(kRetentionClockMagic, &bytes);
  base::AppendFixed(unix_nano, &bytes);
  base::AppendFixed(base::Crc32c(bytes), &bytes);
  return bytes;
}

}  // namespace

uint64_t LoadRetentionClock(const StoreLayout& layout) {
  const base::Result<disk::File> file = disk::File::OpenToRead(PathIn(layout));
  if (!file.ok()) return 0;
  const base::Result<std::string> bytes = file->ReadAt(0, kFileBytes);
  if (!bytes.ok()) return 0;
  base::FixedReader reader(*bytes);
  const bool is_ours = reader.Take<uint64_t>() == kRetentionClockMagic;
  const auto unix_nano = reader.Take<uint64_t>();
  if (is_ours && *bytes == Encode(unix_nano)) return unix_nano;
  base::LogWarn("{}: damaged, the retention clock starts anew", PathIn(layout));
  return 0;
}

base::Status SaveRetentionClock(const StoreLayout& layout, uint64_t unix_nano) {
  const std::string path = PathIn(layout);
  const std::string fresh = path + ".new";
  SPANDREL_RETURN_IF_ERROR(disk::RemoveFile(fresh));
  base::Result<disk::File> file = disk::File::Create(fresh);
  if (!file.ok()) return file.status();
  SPANDREL_RETURN_IF_ERROR(file->WriteAt(Encode(unix_nano), 0));
  SPANDREL_RETURN_IF_ERROR(file->SyncAll());
  return disk::RenameFile(fresh, path);
}

}  // namespace spandrel::columnar
