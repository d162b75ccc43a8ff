// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace spandrel::sdk {

// Requests kept on disk while the collector is away: a directory with one file for each, written
// under another name, renamed when it is whole, and sent oldest first. A file is
//
//   "SPNSPL01", the number of spans, the length of the request, the CRC-32C of those two and the
//   request (4 bytes each, little-endian), the request
//
// Files are not synced: they outlive the process, not the machine. When the directory is full new
// requests are refused. Several processes may write to one directory; the one that holds the lock
// on the file `lock` sends what is there. For one thread.
class Spool {
 public:
  // Makes the directory. What earlier processes left is found when it is asked for.
  Spool(std::string directory, size_t max_bytes);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool();

  // False when the request would not fit, or the disk takes nothing.
  bool Write(std::string_view request, uint32_t spans);

  struct Entry {
    std::string name;
    std::string request;
    uint32_t spans = 0;
  };
  // The oldest request; nothing when there is none or another process is sending. Files that are
  // not whole are removed and counted.
  std::optional<Entry> Oldest();
  void Remove(const std::string& name);

  size_t bytes() const { return bytes_; }
  uint64_t corrupt_files() const { return corrupt_files_; }

 private:
  bool Lock();
  void Scan();
  std::string PathOf(std::string_view name) const;

  const std::string directory_;
  const size_t max_bytes_;
  int lock_fd_ = -1;                     // -1: not ours
  std::map<std::string, size_t> files_;  // size by name; names sort by age
  size_t bytes_ = 0;
  uint32_t written_ = 0;
  uint64_t corrupt_files_ = 0;
};

}  // namespace spandrel::sdk
