// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string_view>

#include "net/http/compression.h"

// Any bytes in any encoding: no crash, and no more memory than the limit allows.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spandrel;
  static constexpr std::string_view kEncodings[] = {"gzip", "deflate", "zstd"};
  constexpr size_t kMaxBytes = 1 << 20;
  if (size == 0) return 0;
  base::ByteBudget budget(4 * kMaxBytes);
  base::ByteBudget::Reservation reservation;
  if (!budget.TryReserve(1, &reservation)) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto result = net::Decompress(kEncodings[data[0] % 3], body, kMaxBytes, &reservation);
  if (result.ok()) SPANDREL_CHECK(result->size() <= kMaxBytes);
  SPANDREL_CHECK(reservation.bytes() <= 2 * kMaxBytes + 64);
  return 0;
}
