// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace spandrel::disk {

// A file in a folder whose name is a number and the wanted extension.
struct NumberedFile {
  uint64_t number = 0;
  std::string path;
};

// All files `NUMBER.extension` of a folder, by number.
base::Result<std::vector<NumberedFile>> ListNumberedFiles(const std::string& folder,
                                                          std::string_view extension);

// The names of all folders in a folder, sorted.
base::Result<std::vector<std::string>> ListFolders(const std::string& folder);

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

// Keeps a directory for this process until it is destroyed. The kernel lets go of it when
// the process dies, however it dies.
class DirectoryLock {
 public:
  // By a lock on `lock_file`, which lies in `directory` and is made. FAILED_PRECONDITION
  // `dir: held by another spandrel (pid N)` when somebody has it.
  static base::Result<DirectoryLock> Take(const std::string& directory,
                                          const std::string& lock_file);

  DirectoryLock(DirectoryLock&& other) noexcept
      : directory_(std::move(other.directory_)),
        lock_file_(std::move(other.lock_file_)),
        fd_(std::exchange(other.fd_, -1)) {}
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

  // NOT_FOUND when the directory is no longer where it was taken: removed, moved away, hidden by a
  // mount, or another one in its place, which is not held. OK again once it is back. Any thread.
  base::Status CheckHeld() const;

 private:
  DirectoryLock(std::string directory, std::string lock_file, int fd)
      : directory_(std::move(directory)), lock_file_(std::move(lock_file)), fd_(fd) {}

  std::string directory_;
  std::string lock_file_;
  int fd_ = -1;
};

}  // namespace spandrel::disk
