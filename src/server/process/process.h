// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace spandrel::server {

// The byte budget for requests in memory: `asked_mib`, or when that is 0 a quarter of the machine's
// memory, but 256 MiB at least and 2 GiB at most.
size_t MemoryLimitBytes(uint64_t asked_mib);

// As many open files as the system grants: connections are many, and nothing here counts bits of
// descriptors. Before anything asks for the limit.
void RaiseOpenFilesLimit();

// Bytes of this process that are in memory now, and CPU time it has used.
double ResidentBytes();
double CpuSeconds();

}  // namespace spandrel::server
