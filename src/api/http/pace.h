// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

#include "base/status.h"
#include "storage/query_context.h"

namespace spandrel::api {

// Bytes of an answer that may wait for its reader.
inline constexpr size_t kMaxUnsentBytes = 256 << 10;
// A reader that does not take half of that within this time, 26 KiB/s, is too slow.
inline constexpr std::chrono::seconds kMaxReaderStall{5};
// How often a wait looks whether the server stops.
inline constexpr std::chrono::milliseconds kStopLookInterval{100};

// Waits for the reader of `call`, a net::ServerCall or net::GrpcCall, until half of what may wait
// is out. An error, after which the query is cancelled, when the reader has gone or is too slow, or
// the server stops. A deadline that passes meanwhile is for reads to see, not for their answer.
template <typename Call>
base::Status WaitForReader(Call& call, const storage::QueryContext& context) {
  const auto give_up_at = std::chrono::steady_clock::now() + kMaxReaderStall;
  while (true) {
    const auto now = std::chrono::steady_clock::now();
    if (call.WaitUntilSent(kMaxUnsentBytes / 2, now + kStopLookInterval)) return {};
    base::Status status = context.Check();
    if (status.code() == base::StatusCode::kCancelled) return status;
    if (now >= give_up_at) break;
  }
  context.Cancel();
  return {base::StatusCode::kCancelled, "the answer is read too slowly"};
}

}  // namespace spandrel::api
