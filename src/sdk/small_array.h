// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>

namespace spandrel::sdk {

// A growing array whose first kInline elements need no allocation and are never initialised.
template <typename T, size_t kInline>
class SmallArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // User-provided, so that value-initialisation does not clear the inline part.
  SmallArray() noexcept {}  // NOLINT(modernize-use-equals-default)
  SmallArray(const SmallArray&) = delete;
  SmallArray& operator=(const SmallArray&) = delete;
  ~SmallArray() {
    if (data_ != inline_) delete[] data_;
  }

  // Makes room for `count` more and returns where they go; they count as there from now on.
  T* Extend(size_t count) {
    if (size_ + count > capacity_) Grow(size_ + count);
    T* const at = data_ + size_;
    size_ += count;
    return at;
  }
  void Erase(size_t begin, size_t count) {
    std::memmove(data_ + begin, data_ + begin + count, (size_ - begin - count) * sizeof(T));
    size_ -= count;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }

 private:
  void Grow(size_t needed) {
    const size_t capacity = needed > 2 * capacity_ ? needed : 2 * capacity_;
    T* const bigger = new T[capacity];
    std::memcpy(bigger, data_, size_ * sizeof(T));
    if (data_ != inline_) delete[] data_;
    data_ = bigger;
    capacity_ = capacity;
  }

  T* data_ = inline_;
  size_t size_ = 0;
  size_t capacity_ = kInline;
  T inline_[kInline];
};

}  // namespace spandrel::sdk
