// SPDX-License-Identifier: Apache-2.0
#include "power_cut.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "real_calls.h"

namespace spandrel::crash {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPage = 4096;

std::string ReadWhole(const std::string& path) {
  const RealCalls& real = RealCalls::Get();
  const int fd = real.open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string bytes;
  if (fd < 0) return bytes;
  struct stat info {};
  if (::fstat(fd, &info) == 0) bytes.resize(static_cast<size_t>(info.st_size));
  const ssize_t size = real.pread(fd, bytes.data(), bytes.size(), 0);
  bytes.resize(size > 0 ? static_cast<size_t>(size) : 0);
  ::close(fd);
  return bytes;
}

void WriteWhole(const std::string& path, const std::string& bytes) {
  const RealCalls& real = RealCalls::Get();
  const int fd = real.open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || real.pwrite(fd, bytes.data(), bytes.size(), 0) != ssize_t(bytes.size())) ::abort();
  ::close(fd);
}

ino_t InodeOf(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

std::vector<std::string> FoldersOf(const std::string& root) {
  std::vector<std::string> folders = {root};
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  return folders;
}

}  // namespace

void DurableState::Start(const std::string& root) {
  root_ = root;
  if (!fs::exists(root)) return;
  for (const std::string& folder : FoldersOf(root)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      ids_[InodeOf(entry.path())] = ++last_id_;
      synced_content_[last_id_] = ReadWhole(entry.path());
    }
    synced_names_[folder] = ListingOf(folder);
  }
}

void DurableState::NoteCreated(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) == 0) ids_[info.st_ino] = ++last_id_;
}

void DurableState::NoteFileSynced(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return;
  synced_content_[IdOf(info.st_ino)] = ReadWhole("/proc/self/fd/" + std::to_string(fd));
}

void DurableState::NoteFolderSynced(const std::string& folder) {
  synced_names_[folder] = ListingOf(folder);
}

void DurableState::WriteImage(const std::string& image, std::mt19937_64* random) const {
  if (!fs::exists(root_)) return;
  for (const std::string& folder : FoldersOf(root_)) {
    const std::string target = image + folder.substr(root_.size());
    fs::create_directories(target);
    const auto synced = synced_names_.find(folder);
    Listing names = synced == synced_names_.end() ? Listing() : synced->second;
    if (random != nullptr && ((*random)() & 1) != 0) names = ListingOf(folder);
    for (const auto& [name, id] : names) {
      const fs::path source = fs::path(folder) / name;
      WriteWhole(fs::path(target) / name, ContentAfterCut(source, id, random));
    }
  }
}

DurableState::FileId DurableState::IdOf(ino_t inode) const {
  const auto found = ids_.find(inode);
  return found == ids_.end() ? 0 : found->second;
}

DurableState::Listing DurableState::ListingOf(const std::string& folder) const {
  Listing names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) names[entry.path().filename()] = IdOf(InodeOf(entry.path()));
  }
  return names;
}

std::string DurableState::ContentAfterCut(const std::string& path, FileId id,
                                          std::mt19937_64* random) const {
  const auto found = synced_content_.find(id);
  std::string synced = found == synced_content_.end() ? std::string() : found->second;
  if (random == nullptr || IdOf(InodeOf(path)) != id) return synced;
  const std::string now = ReadWhole(path);
  std::string mixed(std::max(synced.size(), now.size()), '\0');
  for (size_t at = 0; at < mixed.size(); at += kPage) {
    const std::string& source = ((*random)() & 1) != 0 ? now : synced;
    if (at < source.size())
      mixed.replace(at, std::min(kPage, source.size() - at), source, at, kPage);
  }
  mixed.resize(((*random)() & 1) != 0 ? now.size() : synced.size());
  return mixed;
}

}  // namespace spandrel::crash
