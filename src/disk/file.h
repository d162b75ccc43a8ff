// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "disk/map_guard.h"

namespace spandrel::disk {

// What a failed system call means: a full disk is worth another try, the rest is not.
// The message is `path: what went wrong`.
base::Status DiskError(std::string_view path, int error_number);
// True for what DiskError makes of a full disk.
bool IsDiskFull(const base::Status& status);

// An open file, closed with its owner. Methods may be called from one thread at a time.
class File {
 public:
  // Fails when the file is there already.
  static base::Result<File> Create(const std::string& path);
  static base::Result<File> OpenToRead(const std::string& path);
  // To write over what is there.
  static base::Result<File> OpenToWrite(const std::string& path);

  File(File&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  const std::string& path() const { return path_; }

  // Writes all of it, however many calls that takes. Changes `parts`.
  base::Status WriteAt(std::vector<iovec>* parts, uint64_t offset);
  base::Status WriteAt(std::string_view bytes, uint64_t offset);
  // From now on writes go past the page cache; they must be aligned, in memory and in the file, to
  // blocks of the disk. False where the file system cannot.
  bool SetDirect();
  base::Status SyncData();
  base::Status SyncAll();
  // Reserves disk space and sets the size; where the file system cannot, only sets the size.
  base::Status Preallocate(uint64_t size);
  base::Status Truncate(uint64_t size);
  base::Status Rename(const std::string& path);

  // Whether its path still leads to it. It does not once the file or a folder above it was removed,
  // moved away, or hidden by a mount: what is written then, nobody finds again.
  bool IsInPlace() const;
  base::Result<uint64_t> Size() const;
  // Where the last written byte may be: the size without the hole that ends a preallocated file.
  base::Result<uint64_t> DataEnd() const;
  // Reads up to `size` bytes; fewer only at the end of the file.
  base::Result<std::string> ReadAt(uint64_t offset, size_t size) const;

 private:
  File(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::string path_;
  int fd_ = -1;
};

// A whole file mapped to be read; unmapped with its owner. The bytes stay valid when the file is
// renamed or removed. What the disk cannot read is zeros, see failed(). Any thread.
class MappedFile {
 public:
  static base::Result<MappedFile> Open(const std::string& path);

  MappedFile(MappedFile&& other) noexcept
      : bytes_(std::exchange(other.bytes_, {})), guard_(std::move(other.guard_)) {}
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();

  std::string_view bytes() const { return bytes_; }

  // True once a read of the disk failed below the map: from then on some of the bytes are zeros
  // that are not in the file. To be asked after the bytes were used, also where their checksum was
  // right before, since pages leave memory and are read again.
  bool failed() const { return guard_ && guard_->failed(); }

  // All of it will be read now, from the front: spares most of the faults.
  void Populate() const;
  // Takes the pages out of this process's memory; they are read again when they are touched. Of
  // some bytes: those pages that hold nothing else.
  void ReleasePages() const { ReleasePages(0, bytes_.size()); }
  void ReleasePages(size_t offset, size_t count) const;

 private:
  explicit MappedFile(std::string_view bytes) : bytes_(bytes), guard_(bytes) {}

  std::string_view bytes_;
  std::optional<MapGuard> guard_;
};

}  // namespace spandrel::disk
