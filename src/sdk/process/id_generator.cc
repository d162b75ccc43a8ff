// SPDX-License-Identifier: Apache-2.0
#include "sdk/process/id_generator.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

namespace spandrel::sdk {
namespace {

// For a kernel without getrandom: different for each thread, process and moment.
void SeedFromClock(ThreadState& thread) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  thread.random[0] = static_cast<uint64_t>(now.tv_sec) << 32 ^ static_cast<uint64_t>(now.tv_nsec);
  thread.random[1] = reinterpret_cast<uintptr_t>(&thread);
  thread.random[2] = static_cast<uint64_t>(getpid());
  thread.random[3] = 0x9E3779B97F4A7C15u;
}

}  // namespace

void SeedRandom(ThreadState& thread) {
  const ssize_t got = getrandom(thread.random, sizeof(thread.random), 0);
  if (got != static_cast<ssize_t>(sizeof(thread.random))) SeedFromClock(thread);
  thread.seeded = true;
}

}  // namespace spandrel::sdk
