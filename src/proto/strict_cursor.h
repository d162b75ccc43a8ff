// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace spandrel::proto {

// Takes things off the front of bytes; a varint that is not in its shortest form fails. For readers
// that must be able to write the very same bytes again. After a failure it is of no further use.
class StrictCursor {
 public:
  explicit StrictCursor(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool done() const { return at_ == end_; }
  const char* at() const { return at_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  // Unless done().
  uint8_t Peek() const { return static_cast<uint8_t>(*at_); }
  bool TakeByte(uint8_t wanted) {
    if (done() || Peek() != wanted) return false;
    ++at_;
    return true;
  }
  bool TakeVarint(uint64_t* value) {
    if (done()) return false;
    uint64_t byte = Peek();
    ++at_;
    *value = byte & 0x7f;
    if (byte < 0x80) return true;
    for (int shift = 7; byte >= 0x80; shift += 7) {
      if (done() || shift > 63) return false;
      byte = Peek();
      ++at_;
      *value |= (byte & 0x7f) << shift;
      if (byte == 0 || (shift == 63 && byte > 1)) return false;
    }
    return true;
  }
  // Bytes behind their length.
  bool TakeBytes(std::string_view* bytes) {
    uint64_t size = 0;
    if (!TakeVarint(&size) || size > left()) return false;
    *bytes = {at_, size};
    at_ += size;
    return true;
  }
  bool Skip(size_t size) {
    if (left() < size) return false;
    at_ += size;
    return true;
  }
  bool TakeFixed(void* value, size_t size) {
    if (left() < size) return false;
    std::memcpy(value, at_, size);
    at_ += size;
    return true;
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace spandrel::proto
