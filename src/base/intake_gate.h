// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/status.h"

namespace spandrel::base {

// Whether a process takes work in now. Who does the work says how late what came now would be done;
// who receives asks before it has spent anything on a request. A sender that has had less than half
// of its share lately is taken a little longer than the others. Whoever is refused is told when to
// come back: the later, the more of them there are, so that refusing costs less than the work.
// Counts refusals: `spandrel_intake_refused_requests_total{reason}`. Thread-safe.
class IntakeGate {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  // 1: what came now would be done as late as it may be.
  using Lateness = std::function<double()>;
  enum class Work : uint8_t {
    kStored,  // refused while it would be late, too
    kOther,   // only for want of memory
  };

  explicit IntakeGate(MetricRegistry& metrics);

  // `lateness` is called for every request, from any thread; it must be quick and not call the
  // gate. It is gone when the returned handle is destroyed: it is not running then and never runs
  // again. The handle may outlive the gate.
  [[nodiscard]] std::shared_ptr<void> Add(Lateness lateness);
  // While it is so nothing is taken in.
  void SetShortOfMemory(bool is_short) { is_short_ = is_short; }

  // When a request begins. `sender` is an address with or without a port. OK, or UNAVAILABLE with
  // the time after which to come back.
  Status Admit(Work work, std::string_view sender,
               TimePoint now = std::chrono::steady_clock::now());
  // The same when it is whole, for it may have become much too late meanwhile.
  Status Confirm(Work work, TimePoint now = std::chrono::steady_clock::now());

 private:
  enum Reason : uint8_t { kLate, kMemory, kReasonCount };
  // Senders by hash: two that fall together share.
  static constexpr size_t kSenders = 64;
  struct Taken {
    uint32_t now = 0;
    uint32_t before = 0;  // in the last window
  };
  struct Sources {
    Mutex mutex;
    std::vector<std::shared_ptr<const Lateness>> all SPANDREL_GUARDED_BY(mutex);
  };

  double WorstLateness() const;
  Status Refuse(Reason reason) SPANDREL_REQUIRES(mutex_);
  void Turn(TimePoint now) SPANDREL_REQUIRES(mutex_);
  void AdaptDelay(TimePoint now, uint64_t taken) SPANDREL_REQUIRES(mutex_);
  std::chrono::milliseconds NextDelay() SPANDREL_REQUIRES(mutex_);

  const std::shared_ptr<Sources> sources_ = std::make_shared<Sources>();
  std::atomic<bool> is_short_{false};
  std::array<Counter*, kReasonCount> counters_;

  Mutex mutex_;
  TimePoint window_began_ SPANDREL_GUARDED_BY(mutex_);
  std::array<Taken, kSenders> taken_ SPANDREL_GUARDED_BY(mutex_);
  uint64_t share_ SPANDREL_GUARDED_BY(mutex_) = 0;    // of each sender of the last window
  uint64_t refused_ SPANDREL_GUARDED_BY(mutex_) = 0;  // in this window
  std::chrono::milliseconds delay_ SPANDREL_GUARDED_BY(mutex_);
  uint32_t random_ SPANDREL_GUARDED_BY(mutex_) = 1;
};

}  // namespace spandrel::base
