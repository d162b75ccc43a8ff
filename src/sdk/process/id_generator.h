// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

#include "sdk/process/thread_state.h"

namespace spandrel::sdk {

// Seeds the thread's generator from the kernel.
void SeedRandom(ThreadState& thread);

// A random number that is never 0, from the thread's xoshiro256++ (Blackman and Vigna).
inline uint64_t RandomId() {
  ThreadState& thread = t_thread;
  if (!thread.seeded) [[unlikely]]
    SeedRandom(thread);
  uint64_t* const s = thread.random;
  const uint64_t result = std::rotl(s[0] + s[3], 23) + s[0];
  const uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = std::rotl(s[3], 45);
  return result == 0 ? 1 : result;
}

}  // namespace spandrel::sdk
