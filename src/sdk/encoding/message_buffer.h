// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace spandrel::sdk {

// The bytes of a message that is being written. Its first kInline bytes need no allocation and are
// never initialised. Not thread-safe.
class MessageBuffer {
 public:
  // User-provided, so that value-initialisation does not clear the inline part.
  MessageBuffer() noexcept {}  // NOLINT(modernize-use-equals-default)
  MessageBuffer(const MessageBuffer&) = delete;
  MessageBuffer& operator=(const MessageBuffer&) = delete;
  ~MessageBuffer() {
    if (data_ != inline_) delete[] data_;
  }

  // Room for `count` bytes at the end, which only count as written up to where Commit says.
  char* Reserve(size_t count) {
    if (count > capacity_ - size_) [[unlikely]]
      Grow(count);
    return data_ + size_;
  }
  void Commit(const char* end) { size_ = static_cast<size_t>(end - data_); }
  void Append(std::string_view bytes) {
    char* const at = Reserve(bytes.size());
    std::memcpy(at, bytes.data(), bytes.size());
    Commit(at + bytes.size());
  }

  // Makes `old_size` bytes at `begin` `new_size` many, whose content is then for the caller to
  // write.
  char* Resize(size_t begin, size_t old_size, size_t new_size);

  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t size() const { return size_; }
  std::string_view view() const { return {data_, size_}; }

 private:
  // Enough for a span of an HTTP request with a dozen attributes.
  static constexpr size_t kInline = 768;

  void Grow(size_t more);

  char* data_ = inline_;
  size_t size_ = 0;
  size_t capacity_ = kInline;
  char inline_[kInline];
};

}  // namespace spandrel::sdk
