// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "spandrel/detail/header_bytes.h"

// Which pairs of a propagator a carrier can hold. Propagators write what callers have sent and
// applications have set; a byte that the carrier forbids makes peers refuse the request, and
// libgrpc end the process. So every adapter asks here before it passes a pair on, whichever
// propagator is installed, and leaves out and counts what cannot be sent.
namespace spandrel::propagation {

// Of name and value together. Servers refuse longer lines (nginx and Apache from 8 KiB on), and
// Boost.Beast throws on those over 64 KiB.
inline constexpr size_t kMaxPairBytes = 16 << 10;

// A header of HTTP/1.1, HTTP/2 and HTTP/3: a token, and a value without control characters but tabs
// and without blanks at its ends, which HTTP/2 forbids (RFC 9113, 8.2.1).
inline bool IsHttpHeader(std::string_view name, std::string_view value) noexcept {
  if (name.empty() || name.size() + value.size() > kMaxPairBytes) return false;
  if (!value.empty() && (detail::IsBlank(value.front()) || detail::IsBlank(value.back()))) {
    return false;
  }
  return detail::AllHave(name, detail::kToken) &&
         (detail::IsPrintable(value) || detail::AllHave(value, detail::kField));
}

// Metadata of a gRPC call: a key in lower case that gRPC has not reserved, and printable ASCII; any
// bytes when the key ends with "-bin".
inline bool IsGrpcMetadata(std::string_view key, std::string_view value) noexcept {
  if (key.empty() || key.size() + value.size() > kMaxPairBytes) return false;
  if (!detail::AllHave(key, detail::kMetadataKey)) return false;
  constexpr std::string_view kBinary = "-bin";
  if (key.size() > kBinary.size() && detail::EndsWith(key, kBinary)) return true;
  return !detail::StartsWith(key, "grpc-") && detail::IsPrintable(value);
}

inline void CountUnsendablePair() noexcept {
  detail::g_unsendable_pairs.fetch_add(1, std::memory_order_relaxed);
}

// How many pairs the adapters of this process have left out so far.
inline uint64_t UnsendablePairs() noexcept {
  return detail::g_unsendable_pairs.load(std::memory_order_relaxed);
}

}  // namespace spandrel::propagation
