// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spandrel::server {

// As many open files as the system grants: connections are many, and nothing here counts bits of
// descriptors. Before anything asks for the limit.
void RaiseOpenFilesLimit();

// Bytes of this process that are in memory now, and CPU time it has used.
double ResidentBytes();
double CpuSeconds();

}  // namespace spandrel::server
