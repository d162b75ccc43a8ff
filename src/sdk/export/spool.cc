// SPDX-License-Identifier: Apache-2.0
#include "sdk/export/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/crc32c.h"
#include "base/log.h"

namespace spandrel::sdk {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "SPNSPL01";
constexpr std::string_view kSuffix = ".otlp";
constexpr size_t kHeadBytes = 20;
constexpr size_t kMaxRequestBytes = 64 << 20;
constexpr size_t kMaxFiles = 100'000;

void AppendNumber(std::string& out, uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift & 0xFF);
}

uint32_t NumberAt(std::string_view bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 4; i-- > 0;) number = number << 8 | static_cast<uint8_t>(bytes[at + i]);
  return number;
}

uint32_t Checksum(std::string_view numbers, std::string_view request) {
  return base::Crc32c(request, base::Crc32c(numbers));
}

std::string Framed(std::string_view request, uint32_t spans) {
  std::string head(kMagic);
  AppendNumber(head, spans);
  AppendNumber(head, static_cast<uint32_t>(request.size()));
  AppendNumber(head, Checksum(std::string_view(head).substr(kMagic.size()), request));
  head += request;
  return head;
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

bool WriteFile(const std::string& path, std::string_view bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool written = WriteAll(fd, bytes);
  return close(fd) == 0 && written;
}

// Nothing when it cannot be read or is larger than any request.
std::optional<std::string> ReadFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return std::nullopt;
  struct stat info {};
  std::optional<std::string> content;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size >= 0 &&
      static_cast<size_t>(info.st_size) <= kHeadBytes + kMaxRequestBytes) {
    content.emplace(static_cast<size_t>(info.st_size), '\0');
    size_t size = 0;
    ssize_t count = 0;
    while (size < content->size() &&
           (count = read(fd, content->data() + size, content->size() - size)) > 0) {
      size += static_cast<size_t>(count);
    }
    content->resize(size);
  }
  close(fd);
  return content;
}

bool IsWhole(std::string_view content) {
  if (content.size() < kHeadBytes || content.substr(0, kMagic.size()) != kMagic) return false;
  const std::string_view request = content.substr(kHeadBytes);
  const std::string_view numbers = content.substr(kMagic.size(), 8);
  return NumberAt(content, 12) == request.size() &&
         NumberAt(content, 16) == Checksum(numbers, request);
}

}  // namespace

Spool::Spool(std::string directory, size_t max_bytes)
    : directory_(std::move(directory)), max_bytes_(max_bytes) {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) {
    base::LogWarn("spandrel sdk: spool {}: {}", directory_, error.message());
    return;
  }
  Scan();
}

Spool::~Spool() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

std::string Spool::PathOf(std::string_view name) const {
  return fmt::format("{}/{}", directory_, name);
}

bool Spool::Write(std::string_view request, uint32_t spans) {
  const size_t size = kHeadBytes + request.size();
  if (request.size() > kMaxRequestBytes || bytes_ + size > max_bytes_) return false;
  const int64_t now = std::chrono::system_clock::now().time_since_epoch().count();
  const std::string stem = fmt::format("{:020}-{:010}-{:08}", now, getpid(), written_++);
  const std::string name = stem + std::string(kSuffix);
  const std::string unfinished = PathOf(stem + ".tmp");
  if (!WriteFile(unfinished, Framed(request, spans)) ||
      rename(unfinished.c_str(), PathOf(name).c_str()) != 0) {
    unlink(unfinished.c_str());
    return false;
  }
  files_.emplace(name, size);
  bytes_ += size;
  return true;
}

bool Spool::Lock() {
  if (lock_fd_ >= 0) return true;
  const int fd = open(PathOf("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return false;
  }
  lock_fd_ = fd;
  Scan();
  return true;
}

// Also files of other processes, so that the limit holds for all together.
void Spool::Scan() {
  files_.clear();
  bytes_ = 0;
  std::error_code error;
  for (fs::directory_iterator entry(directory_, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.ends_with(kSuffix) || files_.size() == kMaxFiles) continue;
    std::error_code ignored;
    const uintmax_t size = entry->file_size(ignored);
    if (ignored) continue;
    files_.emplace(name, static_cast<size_t>(size));
    bytes_ += static_cast<size_t>(size);
  }
}

std::optional<Spool::Entry> Spool::Oldest() {
  if (files_.empty() || !Lock()) return std::nullopt;
  while (!files_.empty()) {
    const std::string name = files_.begin()->first;
    std::optional<std::string> content = ReadFile(PathOf(name));
    if (content && IsWhole(*content)) {
      const uint32_t spans = NumberAt(*content, 8);
      content->erase(0, kHeadBytes);
      return Entry{name, *std::move(content), spans};
    }
    ++corrupt_files_;
    base::LogWarn("spandrel sdk: spool {}: {} is not whole and is removed", directory_, name);
    Remove(name);
  }
  return std::nullopt;
}

void Spool::Remove(const std::string& name) {
  unlink(PathOf(name).c_str());
  const auto found = files_.find(name);
  if (found == files_.end()) return;
  bytes_ -= found->second;
  files_.erase(found);
}

}  // namespace spandrel::sdk
