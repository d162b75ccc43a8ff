// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <ctime>
#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace spandrel::endpoints {

// A small file that is read again when it has changed, also when another was moved to its place or
// its name is a link that points elsewhere now. One thread at a time.
class WatchedFile {
 public:
  explicit WatchedFile(std::string path, const base::Clock& clock = base::SystemClock())
      : path_(std::move(path)), clock_(clock) {}

  const std::string& path() const { return path_; }
  // What it holds. INVALID_ARGUMENT names the file that cannot be read or has more than 4 MiB.
  base::Result<std::string> Read();
  // Whether it is there and is not as it was when it was read or this was asked. Looks at it each
  // second at most.
  bool HasChanged();

 private:
  struct State {
    timespec changed{};
    int64_t size = -1;  // it is not there
    uint64_t inode = 0;
  };
  State Look() const;

  const std::string path_;
  const base::Clock& clock_;
  State state_;
  std::chrono::steady_clock::time_point looked_at_;
};

}  // namespace spandrel::endpoints
