// SPDX-License-Identifier: Apache-2.0
#include "disk/file.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "disk/modes.h"
#include "disk/mutant.h"

namespace spandrel::disk {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr std::chrono::milliseconds kFullDiskRetry{1000};

StatusCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return StatusCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return StatusCode::kPermissionDenied;
    case EEXIST:
      return StatusCode::kAlreadyExists;
    default:
      return StatusCode::kInternal;
  }
}

bool ForgetsToSync(std::string_view path) {
  return (MutantIs(Mutant::kSkipPartSync) && path.find("/parts/") != path.npos) ||
         (MutantIs(Mutant::kSkipManifestSync) && path.find("/MANIFEST") != path.npos);
}

// Drops the first `written` bytes of `parts`.
void Advance(std::vector<iovec>* parts, size_t* first, size_t written) {
  while (*first < parts->size() && written >= (*parts)[*first].iov_len) {
    written -= (*parts)[*first].iov_len;
    ++*first;
  }
  if (*first == parts->size()) return;
  iovec& part = (*parts)[*first];
  part.iov_base = static_cast<char*>(part.iov_base) + written;
  part.iov_len -= written;
}

}  // namespace

Status DiskError(std::string_view path, int error_number) {
  std::string message(path);
  message += ": ";
  message += std::strerror(error_number);
  if (error_number == ENOSPC || error_number == EDQUOT) {
    return Status::Unavailable(std::move(message), kFullDiskRetry);
  }
  return {CodeOf(error_number), std::move(message)};
}

bool IsDiskFull(const Status& status) {
  return status.code() == StatusCode::kUnavailable;
}

Result<File> File::Create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
  if (fd < 0) return DiskError(path, errno);
  return File(path, fd);
}

Result<File> File::OpenToRead(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return DiskError(path, errno);
  return File(path, fd);
}

Result<File> File::OpenToWrite(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return DiskError(path, errno);
  return File(path, fd);
}

File& File::operator=(File&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Status File::WriteAt(std::vector<iovec>* parts, uint64_t offset) {
  size_t first = 0;
  Advance(parts, &first, 0);
  while (first < parts->size()) {
    const int count = static_cast<int>(std::min<size_t>(parts->size() - first, IOV_MAX));
    const ssize_t written =
        ::pwritev(fd_, parts->data() + first, count, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return DiskError(path_, written < 0 ? errno : EIO);
    offset += static_cast<uint64_t>(written);
    Advance(parts, &first, static_cast<size_t>(written));
  }
  return {};
}

Status File::WriteAt(std::string_view bytes, uint64_t offset) {
  std::vector<iovec> parts = {{const_cast<char*>(bytes.data()), bytes.size()}};
  return WriteAt(&parts, offset);
}

bool File::SetDirect() {
  const int flags = ::fcntl(fd_, F_GETFL);
  return flags >= 0 && ::fcntl(fd_, F_SETFL, flags | O_DIRECT) == 0;
}

Status File::SyncData() {
  return ::fdatasync(fd_) == 0 ? Status() : DiskError(path_, errno);
}

Status File::SyncAll() {
  if (ForgetsToSync(path_)) return {};
  return ::fsync(fd_) == 0 ? Status() : DiskError(path_, errno);
}

Status File::Preallocate(uint64_t size) {
  int error = 0;
  do {
    error = ::fallocate(fd_, 0, 0, static_cast<off_t>(size)) == 0 ? 0 : errno;
  } while (error == EINTR);
  if (error == EOPNOTSUPP || error == ENOSYS) return Truncate(size);
  return error == 0 ? Status() : DiskError(path_, error);
}

Status File::Truncate(uint64_t size) {
  return ::ftruncate(fd_, static_cast<off_t>(size)) == 0 ? Status() : DiskError(path_, errno);
}

Status File::Rename(const std::string& path) {
  if (std::rename(path_.c_str(), path.c_str()) != 0) return DiskError(path_, errno);
  path_ = path;
  return {};
}

bool File::IsInPlace() const {
  struct stat opened {};
  struct stat named {};
  return ::fstat(fd_, &opened) == 0 && ::stat(path_.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

Result<uint64_t> File::Size() const {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) return DiskError(path_, errno);
  return static_cast<uint64_t>(info.st_size);
}

Result<uint64_t> File::DataEnd() const {
  Result<uint64_t> size = Size();
  if (!size.ok()) return size;
  uint64_t end = 0;
  while (end < *size) {
    const off_t data = ::lseek(fd_, static_cast<off_t>(end), SEEK_DATA);
    if (data < 0) return errno == ENXIO ? end : *size;
    const off_t hole = ::lseek(fd_, data, SEEK_HOLE);
    if (hole < 0) return *size;
    end = static_cast<uint64_t>(hole);
  }
  return std::min(end, *size);
}

Result<std::string> File::ReadAt(uint64_t offset, size_t size) const {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(fd_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return DiskError(path_, errno);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

Result<MappedFile> MappedFile::Open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return DiskError(path, errno);
  struct stat info {};
  const bool known = ::fstat(fd, &info) == 0;
  const auto size = known ? static_cast<size_t>(info.st_size) : 0;
  void* address = size == 0 ? MAP_FAILED : ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  const int error = errno;
  ::close(fd);
  if (known && size == 0) return Status(StatusCode::kDataLoss, path + ": empty file");
  if (address == MAP_FAILED) return DiskError(path, error);
  return MappedFile({static_cast<const char*>(address), size});
}

// Best effort: what the disk does not give shows when it is touched.
void MappedFile::Populate() const {
  if (!bytes_.empty())
    ::madvise(const_cast<char*>(bytes_.data()), bytes_.size(), MADV_POPULATE_READ);
}

void MappedFile::ReleasePages(size_t offset, size_t count) const {
  static const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t end = std::min(bytes_.size(), offset + std::min(count, bytes_.size()));
  const size_t first_page = (offset + page - 1) / page * page;
  // The last page of the file holds nothing behind it.
  const size_t last_page = end == bytes_.size() ? end : end / page * page;
  if (first_page >= last_page) return;
  ::madvise(const_cast<char*>(bytes_.data()) + first_page, last_page - first_page, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  guard_.reset();  // before another map may take the addresses
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace spandrel::disk
