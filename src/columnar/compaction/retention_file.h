// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/status.h"
#include "columnar/options/store_layout.h"

namespace spandrel::columnar {

// The file `retention-clock` of a store (docs/formats/manifest.md).
inline constexpr uint64_t kRetentionClockMagic = 0x314b4c4344505300;  // "\0SPDCLK1"

// Where the retention clock stood; 0 when that is not known, because there is no such file or it is
// damaged.
uint64_t LoadRetentionClock(const StoreLayout& layout);
base::Status SaveRetentionClock(const StoreLayout& layout, uint64_t unix_nano);

}  // namespace spandrel::columnar
