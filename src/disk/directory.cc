// SPDX-License-Identifier: Apache-2.0
#include "disk/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "disk/file.h"
#include "disk/modes.h"
#include "disk/mutant.h"

namespace spandrel::disk {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

std::optional<uint64_t> NumberIn(std::string_view name, std::string_view extension) {
  if (name.size() <= extension.size() + 1 || !name.ends_with(extension)) return std::nullopt;
  name.remove_suffix(extension.size());
  if (name.back() != '.') return std::nullopt;
  name.remove_suffix(1);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string ReadHolder(int fd) {
  char text[32] = {};
  const ssize_t size = ::pread(fd, text, sizeof(text) - 1, 0);
  std::string holder(text, size > 0 ? static_cast<size_t>(size) : 0);
  holder.erase(std::find_if_not(holder.begin(), holder.end(), ::isdigit), holder.end());
  return holder.empty() ? "unknown" : holder;
}

bool WriteHolder(int fd) {
  const std::string holder = fmt::format("{}\n", ::getpid());
  return ::ftruncate(fd, 0) == 0 &&
         ::pwrite(fd, holder.data(), holder.size(), 0) == static_cast<ssize_t>(holder.size());
}

}  // namespace

Result<std::vector<NumberedFile>> ListNumberedFiles(const std::string& folder,
                                                    std::string_view extension) {
  DIR* dir = ::opendir(folder.c_str());
  if (dir == nullptr) return DiskError(folder, errno);
  std::vector<NumberedFile> files;
  while (const dirent* entry = ::readdir(dir)) {
    const auto number = NumberIn(entry->d_name, extension);
    if (number) files.push_back({*number, folder + "/" + entry->d_name});
  }
  ::closedir(dir);
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  return files;
}

Result<std::vector<std::string>> ListFolders(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_directory(error)) names.push_back(at->path().filename());
  }
  if (error) return DiskError(folder, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

bool FileExists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

Status MakeFolder(const std::string& path) {
  if (::mkdir(path.c_str(), kFolderMode) == 0 || errno == EEXIST) return {};
  return DiskError(path, errno);
}

Status SyncFolder(const std::string& path) {
  if (MutantIs(Mutant::kSkipFolderSync)) return {};
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return DiskError(path, errno);
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error == 0 ? Status() : DiskError(path, error);
}

Status RenameFile(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0 ? Status() : DiskError(from, errno);
}

Status RemoveFile(const std::string& path) {
  return ::unlink(path.c_str()) == 0 || errno == ENOENT ? Status() : DiskError(path, errno);
}

Status QuarantineFile(const std::string& path, const std::string& folder) {
  for (int copy = 0; copy < 1000; ++copy) {
    const std::string target =
        copy == 0 ? fmt::format("{}/{}.quarantine", folder, BaseName(path))
                  : fmt::format("{}/{}.{}.quarantine", folder, BaseName(path), copy);
    if (FileExists(target)) continue;
    SPANDREL_RETURN_IF_ERROR(RenameFile(path, target));
    return SyncFolder(folder);
  }
  return {StatusCode::kResourceExhausted, path + ": too many copies in quarantine"};
}

Result<DirectoryLock> DirectoryLock::Take(const std::string& directory,
                                          const std::string& lock_file) {
  const int fd = ::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (fd < 0) return DiskError(directory, errno);
  DirectoryLock lock(directory, lock_file, fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return DiskError(directory, errno);
    return Status(StatusCode::kFailedPrecondition,
                  fmt::format("{}: held by another spandrel (pid {})", directory, ReadHolder(fd)));
  }
  if (!WriteHolder(fd)) return DiskError(directory, errno);
  return lock;
}

Status DirectoryLock::CheckHeld() const {
  struct stat opened {};
  struct stat named {};
  const bool held = ::fstat(fd_, &opened) == 0 && ::stat(lock_file_.c_str(), &named) == 0 &&
                    opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
  if (held) return {};
  return {StatusCode::kNotFound, directory_ + ": was removed or moved away while in use"};
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace spandrel::disk
