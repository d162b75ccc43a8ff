// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace spandrel::base {

// Takes values off the front of a fuzzer's input; at its end it yields zeros and empty texts.
class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  uint64_t Number() {
    uint64_t number = 0;
    for (int i = 0; i < 8; ++i) number = number << 8 | Byte();
    return number;
  }
  // A byte says how long it is.
  std::string_view Text() { return Take(Byte()); }
  std::string_view Rest() { return Take(rest_.size()); }

  // Changes up to four bytes of what an encoder made, and perhaps cuts it.
  void Damage(std::string* bytes) {
    const uint8_t changes = Byte() % 5;
    for (uint8_t i = 0; i < changes && !bytes->empty(); ++i) {
      const size_t place = size_t{Byte()} << 8 | Byte();
      char& changed = (*bytes)[place % bytes->size()];
      changed = static_cast<char>(changed ^ Byte());
    }
    const size_t cut = Byte();
    if (cut >= 0xf0) bytes->resize(bytes->size() - std::min(bytes->size(), cut - 0xef));
  }

 private:
  std::string_view Take(size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
};

}  // namespace spandrel::base
