// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace spandrel::config {

// A number of bytes: "50GiB", "1.5 MiB", "500MB", "4096". Units are B, KB, MB, GB, TB (powers of
// 1000) and KiB, MiB, GiB, TiB (powers of 1024). The message of a failure is for people.
base::Result<uint64_t> ParseByteSize(std::string_view text);

// "50.0 GiB", "812 B": for people.
std::string FormatByteSize(uint64_t bytes);

}  // namespace spandrel::config
