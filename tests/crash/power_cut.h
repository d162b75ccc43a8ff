// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <random>
#include <string>

namespace spandrel::crash {

// Keeps in memory what a directory tree would hold after a power cut: of each file the content at
// its last sync, of each folder the names at its last sync. Folders themselves count as durable.
// One thread at a time.
class DurableState {
 public:
  // What is there now is durable.
  void Start(const std::string& root);

  // A file that did not exist before: another one than an earlier file of the same inode.
  void NoteCreated(int fd);
  void NoteFileSynced(int fd);
  void NoteFolderSynced(const std::string& folder);

  // Makes the tree as the power cut leaves it. Without `random`, all that was not synced is lost.
  // With it, each 4 KiB page, the length and each folder are as synced or as they are now.
  void WriteImage(const std::string& image, std::mt19937_64* random) const;

 private:
  using FileId = uint64_t;
  using Listing = std::map<std::string, FileId>;

  FileId IdOf(ino_t inode) const;
  Listing ListingOf(const std::string& folder) const;
  std::string ContentAfterCut(const std::string& path, FileId id, std::mt19937_64* random) const;

  std::string root_;
  std::map<ino_t, FileId> ids_;
  FileId last_id_ = 0;
  std::map<FileId, std::string> synced_content_;
  std::map<std::string, Listing> synced_names_;
};

}  // namespace spandrel::crash
