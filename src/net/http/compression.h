// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/byte_budget.h"
#include "base/status.h"

namespace spandrel::net {

// Decompresses a whole body. `encoding` is a Content-Encoding or grpc-encoding: identity (or
// empty), gzip, deflate (zlib or raw), zstd, in any case. Anything else, and more than one layer,
// is UNIMPLEMENTED; malformed input is INVALID_ARGUMENT; more than `max_bytes` of output is
// RESOURCE_EXHAUSTED, seen before the memory is spent: sizes that the input claims are checked
// first, output grows in steps, and what it takes is added to `reservation` (UNAVAILABLE when the
// budget has no room). zstd windows are limited to 8 MiB.
base::Result<std::string> Decompress(std::string_view encoding, std::string_view body,
                                     size_t max_bytes, base::ByteBudget::Reservation* reservation);

base::Result<std::string> Compress(std::string_view encoding, std::string_view body);

// "gzip, deflate, zstd".
std::string_view SupportedEncodings();

}  // namespace spandrel::net
