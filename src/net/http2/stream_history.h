// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace spandrel::net {

// Which streams a peer has ended, of the last few, and which numbers it has left out: it may send
// nothing more on the former and may not open the latter (RFC 9113, 5.1). What is forgotten is not
// known to be wrong.
class StreamHistory {
 public:
  // The peer opens a stream. False when that number was left out before.
  bool Open(int32_t id) {
    if (id <= last_) return !WasSkipped(id);
    if (id > last_ + 2) skipped_[next_skipped_++ % skipped_.size()] = {last_, id};
    last_ = id;
    return true;
  }
  // The peer has sent its last frame on the stream.
  void End(int32_t id) { ended_[next_ended_++ % ended_.size()] = id; }
  bool HasEnded(int32_t id) const {
    return std::find(ended_.begin(), ended_.end(), id) != ended_.end();
  }

 private:
  bool WasSkipped(int32_t id) const {
    return std::any_of(skipped_.begin(), skipped_.end(), [id](const auto& between) {
      return between.first < id && id < between.second;
    });
  }

  int32_t last_ = -1;
  std::array<int32_t, 16> ended_{};  // 0 is no stream
  std::array<std::pair<int32_t, int32_t>, 4> skipped_{};
  size_t next_ended_ = 0;
  size_t next_skipped_ = 0;
};

}  // namespace spandrel::net
