// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/check.h"

namespace spandrel::base {

// A new directory in memory, for fuzz targets: synced files are slow on a disk. Removed with
// everything in it.
class MemoryDirectory {
 public:
  MemoryDirectory() : path_("/dev/shm/spandrel-fuzz-XXXXXX") {
    SPANDREL_CHECK(::mkdtemp(path_.data()) != nullptr);
  }
  ~MemoryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  MemoryDirectory(const MemoryDirectory&) = delete;
  MemoryDirectory& operator=(const MemoryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace spandrel::base
