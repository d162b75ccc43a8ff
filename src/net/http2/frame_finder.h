// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace spandrel::net {

struct FrameHead {
  uint8_t type = 0;
  int32_t stream = 0;
};

// Finds the frames in what a client sends, from its preface on, in pieces of any size.
class FrameFinder {
 public:
  // Takes from the front of `input` what belongs to one frame, which may be a part of it. `begun`
  // is set when the head of that frame ends in it.
  std::string_view Take(std::string_view* input, std::optional<FrameHead>* begun) {
    const std::string_view all = *input;
    if (left_ == 0) TakeHead(input, begun);
    const size_t payload = std::min(left_, input->size());
    left_ -= payload;
    input->remove_prefix(payload);
    return all.substr(0, all.size() - input->size());
  }

 private:
  static constexpr size_t kHeadBytes = 9;

  void TakeHead(std::string_view* input, std::optional<FrameHead>* begun) {
    const size_t count = std::min(kHeadBytes - head_bytes_, input->size());
    std::copy_n(input->begin(), count, head_.begin() + static_cast<std::ptrdiff_t>(head_bytes_));
    input->remove_prefix(count);
    head_bytes_ += count;
    if (head_bytes_ < kHeadBytes) return;
    head_bytes_ = 0;
    left_ = Number(0, 3);
    *begun =
        FrameHead{static_cast<uint8_t>(head_[3]), static_cast<int32_t>(Number(5, 4) & INT32_MAX)};
  }
  size_t Number(size_t at, size_t bytes) const {
    size_t number = 0;
    for (size_t i = at; i < at + bytes; ++i) number = number << 8 | static_cast<uint8_t>(head_[i]);
    return number;
  }

  size_t left_ = NGHTTP2_CLIENT_MAGIC_LEN;  // until the next head
  std::array<char, kHeadBytes> head_{};
  size_t head_bytes_ = 0;
};

}  // namespace spandrel::net
