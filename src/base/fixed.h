// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

// Numbers as they lie in our files: little-endian, fixed width.
namespace spandrel::base {

static_assert(std::endian::native == std::endian::little, "the formats are little-endian");

template <typename T>
void AppendFixed(T value, std::string* out) {
  static_assert(std::is_trivially_copyable_v<T>);
  out->append(reinterpret_cast<const char*>(&value), sizeof(T));
}

// The bytes of an array of plain values.
template <typename Container>
std::string_view BytesOf(const Container& values) {
  using T = typename Container::value_type;
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// Takes values off the front of untrusted bytes. After the first failure it stays failed and yields
// zeros, so that a reader may check once at the end.
class FixedReader {
 public:
  explicit FixedReader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T Take() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    if (rest_.size() < sizeof(T)) {
      Fail();
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return value;
  }

  std::string_view TakeBytes(uint64_t size) {
    if (size > rest_.size()) {
      Fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  // True when `count` values of `size` bytes are still there; so a count can be trusted before
  // memory is spent on it.
  bool Has(uint64_t count, size_t size) {
    if (count > rest_.size() / size) Fail();
    return ok_;
  }

  void Fail() {
    ok_ = false;
    rest_ = {};
  }

  bool ok() const { return ok_; }
  // All was read, and nothing failed.
  bool done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace spandrel::base
