// SPDX-License-Identifier: Apache-2.0
#include "sdk/encoding/message_buffer.h"

#include <algorithm>

namespace spandrel::sdk {

char* MessageBuffer::Resize(size_t begin, size_t old_size, size_t new_size) {
  if (new_size > old_size) (void)Reserve(new_size - old_size);
  char* const at = data_ + begin;
  std::memmove(at + new_size, at + old_size, size_ - begin - old_size);
  size_ = size_ - old_size + new_size;
  return at;
}

void MessageBuffer::Grow(size_t more) {
  const size_t capacity = std::max(size_ + more, 2 * capacity_);
  char* const bigger = new char[capacity];
  std::memcpy(bigger, data_, size_);
  if (data_ != inline_) delete[] data_;
  data_ = bigger;
  capacity_ = capacity;
}

}  // namespace spandrel::sdk
