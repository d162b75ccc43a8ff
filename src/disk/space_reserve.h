// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/mutex.h"
#include "base/status.h"

namespace spandrel::disk {

// A file that does nothing but occupy space, which is given up when the disk is full, so that what
// is in memory and in the log can still become parts and the log can be released. Whoever takes new
// space for spans asks Keep() first, so that they are refused while the reserve is in use.
// Any thread.
class SpaceReserve {
 public:
  // Keeps `bytes`, but not more than a hundredth of the file system; 0: no reserve. The file may be
  // there from an earlier run.
  SpaceReserve(std::string path, uint64_t bytes);

  // Makes the file where it is missing. False while there is no room for it.
  bool Keep();

  // Runs `write`, and once more with the reserve's space where the disk turned out to be full.
  // `write` must be able to begin again; `reserve` may be null.
  static base::Status WithSpace(SpaceReserve* reserve, const std::function<base::Status()>& write);

  // Gives the space up for good: a store that is closed occupies none.
  void Remove();

  // What is occupied now.
  uint64_t bytes() const { return held_; }
  bool given_up() const { return wanted_ > 0 && held_ == 0; }

 private:
  bool GiveUp();
  base::Status Make() const;

  const std::string path_;
  std::atomic<uint64_t> wanted_{0};
  base::Mutex mutex_;              // held while the file is made or removed
  std::atomic<uint64_t> held_{0};  // changed with mutex_ held
};

}  // namespace spandrel::disk
