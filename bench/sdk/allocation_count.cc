// SPDX-License-Identifier: Apache-2.0
// malloc and its kin for the whole program: counted, then left to glibc.
#include "allocation_count.h"

#include <cstddef>

extern "C" {
void* __libc_malloc(size_t size);                 // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(size_t count, size_t size);   // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void* memory, size_t size);  // NOLINT(bugprone-reserved-identifier)
}

namespace {

constinit thread_local uint64_t t_allocations = 0;

}  // namespace

extern "C" {

void* malloc(size_t size) {
  ++t_allocations;
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  ++t_allocations;
  return __libc_calloc(count, size);
}

void* realloc(void* memory, size_t size) {
  ++t_allocations;
  return __libc_realloc(memory, size);
}

}  // extern "C"

namespace spandrel::bench {

uint64_t AllocationsOfThisThread() {
  return t_allocations;
}

}  // namespace spandrel::bench
