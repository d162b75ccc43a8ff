// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Bytes under zstd where that makes them smaller. Whoever stores them keeps both sizes; equal sizes
// say that the bytes lie as they are. The contexts of zstd belong to the thread and stay with it.
namespace spandrel::columns {

// Appends `raw`, and compressed only if it gets smaller by more than `least_gain` bytes. Returns
// how many bytes it appended.
size_t AppendZstdBlock(std::string_view raw, int level, size_t least_gain, std::string* out);

// Writes exactly `raw_size` bytes to `out`; false when `stored` does not yield them.
bool ReadZstdBlock(std::string_view stored, char* out, size_t raw_size);

}  // namespace spandrel::columns
