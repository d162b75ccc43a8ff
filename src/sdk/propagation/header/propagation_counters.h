// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace spandrel::sdk {

// Why a propagator left out something of what came in or goes out. Nothing is logged: whoever can
// send a header could fill the log.
enum class PropagationDrop : uint8_t {
  kMalformedSpan,        // traceparent, b3, uber-trace-id: a new trace begins
  kMalformedTraceState,  // or too long, or of too many members: treated as absent
  kMalformedBaggage,     // each member
  kBaggageOverLimit,     // beyond 64 members or 8,192 bytes; a header that is cut counts once
  kUnsendableBaggage,    // members whose key no header can hold
};
inline constexpr size_t kPropagationDrops = 5;

inline std::atomic<uint64_t> g_propagation_drops[kPropagationDrops];

inline void CountDropped(PropagationDrop reason, uint64_t count = 1) {
  g_propagation_drops[static_cast<size_t>(reason)].fetch_add(count, std::memory_order_relaxed);
}

// In the whole process so far.
inline uint64_t PropagationDrops(PropagationDrop reason) {
  return g_propagation_drops[static_cast<size_t>(reason)].load(std::memory_order_relaxed);
}

}  // namespace spandrel::sdk
