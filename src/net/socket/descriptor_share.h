// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>

namespace spandrel::net {

// How many of the descriptors that the process may open are for connections of its servers. A
// reserve is left for files and for connections to others. Thread-safe.
class DescriptorShare {
 public:
  // Of the limit that holds now.
  DescriptorShare();
  explicit DescriptorShare(size_t open_files);

  size_t max() const { return max_; }
  size_t used() const { return used_; }
  void Take() { ++used_; }
  void GiveBack(size_t count) { used_ -= count; }

 private:
  const size_t max_;
  std::atomic<size_t> used_{0};
};

}  // namespace spandrel::net
