// SPDX-License-Identifier: Apache-2.0
#include "sdk/process/counter_rate.h"

#include <algorithm>
#include <cmath>

namespace spandrel::sdk {
namespace {

constexpr int64_t kMicrosecond = 1'000;
constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kShortest = 20 * kMicrosecond;
constexpr int64_t kLongEnough = 100 * kMillisecond;
// The machine may have slept between readings that lie further apart; some counters go on then, and
// others begin anew. A rate that is known helps to tell.
constexpr int64_t kTooLong = 1'000 * kMillisecond;
constexpr int64_t kTooLongToBegin = 10 * kMillisecond;
constexpr int64_t kLongestValid = 10 * kMillisecond;
constexpr int64_t kStepBack = kLongestValid / 4;
constexpr uint64_t kFastest = (uint64_t{1} << 32) / 10;  // no counter has more than 10 GHz

}  // namespace

CounterRate::Rate CounterRate::At(const ClockReading& now) {
  if (base_.ticks == 0) base_ = now;
  const int64_t nanos = now.nanos - base_.nanos;
  if (nanos < std::clamp(rate_.measured_over, kShortest, kLongEnough)) return rate_;
  if (nanos > (rate_.nanos_per_tick == 0 ? kTooLongToBegin : kTooLong)) {
    base_ = now;
    return rate_;
  }
  constexpr double kOne = 4294967296.0;
  const auto ticks = static_cast<double>(static_cast<int64_t>(now.ticks - base_.ticks));
  const double nanos_per_tick = ticks > 0 ? static_cast<double>(nanos) / ticks * kOne : 0;
  const Rate measured{static_cast<uint64_t>(nanos_per_tick), nanos};
  const bool plausible = IsPlausible(measured);
  rate_ = plausible ? measured : Rate();
  if (!plausible || nanos >= kLongEnough) base_ = now;
  return rate_;
}

// Counters keep their rate; what differs by more than readings may be off comes of a sleep.
bool CounterRate::IsPlausible(const Rate& measured) const {
  if (measured.nanos_per_tick < kFastest) return false;
  if (rate_.nanos_per_tick == 0) return true;
  constexpr double kReadings = 1.0 * kMicrosecond;  // two, each off by the most that is taken
  constexpr double kSlewed = 0.002;                 // the kernel corrects by 500 ppm at most
  const double allowed = kReadings / static_cast<double>(measured.measured_over) +
                         kReadings / static_cast<double>(rate_.measured_over) + kSlewed;
  const auto expected = static_cast<double>(rate_.nanos_per_tick);
  return std::abs(static_cast<double>(measured.nanos_per_tick) - expected) <= allowed * expected;
}

int64_t SetClock(ThreadClock& clock, const ClockReading& now, const CounterRate::Rate& rate) {
  const uint64_t used_ticks = std::min(now.ticks - clock.ticks, clock.valid_ticks);
  const int64_t told = clock.nanos + static_cast<int64_t>(used_ticks * clock.nanos_per_tick >> 32);
  int64_t ahead = told - now.nanos;
  if (ahead < 0 || ahead > kStepBack) ahead = 0;
  if (rate.nanos_per_tick == 0) return now.nanos + ahead;

  const int64_t valid = std::min(rate.measured_over, kLongestValid);
  const auto slower = static_cast<uint64_t>(std::min(ahead, valid / 4));
  clock.nanos = now.nanos + ahead;
  clock.ticks = now.ticks;
  clock.nanos_per_tick =
      rate.nanos_per_tick - rate.nanos_per_tick * slower / static_cast<uint64_t>(valid);
  clock.valid_ticks = (static_cast<uint64_t>(valid) << 32) / rate.nanos_per_tick;
  return clock.nanos;
}

}  // namespace spandrel::sdk
