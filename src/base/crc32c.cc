// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <algorithm>
#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace spandrel::base {
namespace {

constexpr uint32_t kReflectedPolynomial = 0x82f63b78;

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? kReflectedPolynomial : 0);
    table[i] = crc;
  }
  return table;
}

constexpr auto kTable = MakeTable();

// The changes that the bits of a byte make, of the byte at the end first.
class BitChanges {
 public:
  BitChanges() { Pass(); }
  // Of the byte before.
  void Pass() {
    for (uint32_t& change : changes_) change = (change >> 8) ^ kTable[change & 0xff];
  }
  const std::array<uint32_t, 8>& changes() const { return changes_; }

 private:
  std::array<uint32_t, 8> changes_{1, 2, 4, 8, 16, 32, 64, 128};
};

uint32_t Crc32cPlain(std::string_view bytes, uint32_t crc) {
  for (char c : bytes) crc = kTable[(crc ^ static_cast<uint8_t>(c)) & 0xff] ^ (crc >> 8);
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t Crc32cSse42(std::string_view bytes, uint32_t crc) {
  const char* data = bytes.data();
  size_t left = bytes.size();
  uint64_t wide = crc;
  for (; left >= 8; left -= 8, data += 8) {
    uint64_t word;
    std::memcpy(&word, data, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = static_cast<uint32_t>(wide);
  for (; left > 0; --left, ++data) crc = _mm_crc32_u8(crc, static_cast<uint8_t>(*data));
  return crc;
}
#endif

}  // namespace

uint32_t Crc32c(std::string_view bytes, uint32_t seed) {
#if defined(__x86_64__)
  static const bool kHasSse42 = __builtin_cpu_supports("sse4.2");
  if (kHasSse42) return ~Crc32cSse42(bytes, ~seed);
#endif
  return ~Crc32cPlain(bytes, ~seed);
}

std::vector<uint32_t> Crc32cBitChanges(size_t size) {
  std::vector<uint32_t> all(size * 8);
  BitChanges byte;
  for (size_t at = size; at-- > 0; byte.Pass()) {
    std::copy(byte.changes().begin(), byte.changes().end(),
              all.begin() + static_cast<ptrdiff_t>(at * 8));
  }
  return all;
}

std::optional<uint64_t> FindCrc32cBit(size_t size, uint32_t difference) {
  BitChanges byte;
  for (size_t at = size; at-- > 0; byte.Pass()) {
    const auto& changes = byte.changes();
    const auto found = std::find(changes.begin(), changes.end(), difference);
    if (found != changes.end()) {
      return at * 8 + static_cast<uint64_t>(found - changes.begin());
    }
  }
  return std::nullopt;
}

}  // namespace spandrel::base
