// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace spandrel::columns {

// Numbers on disk.
enum class TextEncoding : uint32_t {
  kDictionary = 1,  // each distinct value once, and a code a row
  kNumbered = 2,    // common prefix, decimal number, common suffix
  kHex = 3,         // common prefix, hexadecimal of one length and case, common suffix
  kUuid = 4,        // common prefix, lower-case UUID, common suffix
  kCompressed = 5,  // lengths, and the bytes in blocks under zstd
  kPatterned = 6,   // a pattern and the numbers at its places
};

inline constexpr uint64_t kMaxTextSize = uint64_t{1} << 30;
inline constexpr uint64_t kMaxDictionaryBytes = uint64_t{64} << 20;

}  // namespace spandrel::columns
