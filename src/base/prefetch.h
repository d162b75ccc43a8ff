// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace spandrel::base {

// Asks the memory for the cache line at `address`, which may be any.
inline void Prefetch(const void* address) {
  __builtin_prefetch(address);
  // Without this GCC takes a function that does nothing but this for one without an effect, and
  // leaves out the calls to it.
  asm volatile("");
}

inline void Prefetch(const void* address, size_t size) {
  constexpr size_t kCacheLine = 64;
  const char* const bytes = static_cast<const char*>(address);
  for (size_t at = 0; at < size; at += kCacheLine) Prefetch(bytes + at);
  // The last line, where the bytes do not begin with a line.
  if (size > 0) Prefetch(bytes + size - 1);
}

}  // namespace spandrel::base
