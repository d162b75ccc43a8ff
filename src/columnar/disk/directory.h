// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace spandrel::columnar {

// A file of a store that is not as it was written.
struct Damage {
  std::string file;
  std::string what;
};

inline constexpr std::string_view kSpareLogExtension = "spare";

// The folders of a store and the names in them (docs/design/store.md).
struct StoreLayout {
  explicit StoreLayout(std::string directory, bool for_reading = false)
      : root(std::move(directory)), read_only(for_reading) {}

  std::string LogFolder() const { return root + "/log"; }
  std::string PartFolder() const { return root + "/parts"; }
  std::string QuarantineFolder() const { return root + "/quarantine"; }
  std::string LockFile() const { return root + "/LOCK"; }
  std::string ManifestFile() const { return root + "/MANIFEST"; }
  std::string ReserveFile() const { return root + "/reserve"; }
  std::string LogFile(uint64_t number) const;
  // A log file that is done and kept to be written over.
  std::string SpareLogFile(uint64_t number) const;
  std::string PartFile(uint64_t number) const;
  // Part files that are being written.
  std::string SealScratch() const { return PartFolder() + "/seal.new"; }
  std::string MergeScratch() const { return PartFolder() + "/merge.new"; }

  std::string root;
  // The store is only looked at: what is damaged or left over stays where it is.
  bool read_only;
};

// A file in a folder whose name is a number and the wanted extension.
struct NumberedFile {
  uint64_t number = 0;
  std::string path;
};

// All files `NUMBER.extension` of a folder, by number.
base::Result<std::vector<NumberedFile>> ListNumberedFiles(const std::string& folder,
                                                          std::string_view extension);

bool FileExists(const std::string& path);
// OK when the folder is there already.
base::Status MakeFolder(const std::string& path);
// Makes creations, renames and removals in the folder durable.
base::Status SyncFolder(const std::string& path);
base::Status RenameFile(const std::string& from, const std::string& to);
// OK when there is no such file.
base::Status RemoveFile(const std::string& path);
// Moves a damaged file out of the way, to a name in `folder` that is free.
base::Status QuarantineFile(const std::string& path, const std::string& folder);

// Keeps a store's directory for this process until it is destroyed. The kernel lets go of it when
// the process dies, however it dies.
class DirectoryLock {
 public:
  // FAILED_PRECONDITION `dir: held by another spandrel (pid N)` when somebody has it.
  static base::Result<DirectoryLock> Take(const StoreLayout& layout);

  DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace spandrel::columnar
