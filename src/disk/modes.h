// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

namespace spandrel::disk {

// What is made belongs to its owner; the group may read it, others may not. The umask takes more
// away.
inline constexpr mode_t kFileMode = 0640;
inline constexpr mode_t kFolderMode = 0750;

}  // namespace spandrel::disk
