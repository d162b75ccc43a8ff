// SPDX-License-Identifier: Apache-2.0
#include "columnar/seal_pace.h"

#include <algorithm>

namespace spandrel::columnar {
namespace {

using Seconds = std::chrono::duration<double>;

// How much of the pace of a head becomes the pace.
constexpr double kNewPace = 0.25;
constexpr double kBehind = 0.5;
// At this fullness spans come as they are sealed; the emptier the faster, the fuller the slower.
constexpr double kBalance = 0.75;
constexpr double kFull = 0.95;
constexpr double kCorrection = 2;
constexpr double kMuchTooLate = 2;

}  // namespace

void SealPace::NoteSealed(size_t spans, Clock::duration taken) {
  const double seconds = std::max(Seconds(taken).count(), 1e-6);
  const double pace = static_cast<double>(spans) / seconds;
  const base::MutexLock lock(mutex_);
  const double weight = sealed_per_second_ == 0 ? 1 : kNewPace;
  sealed_per_second_ += weight * (pace - sealed_per_second_);
}

void SealPace::NoteAppended(size_t spans) {
  const base::MutexLock lock(mutex_);
  ahead_ += static_cast<double>(spans);
}

double SealPace::Lateness(double fullness, Clock::duration wait, Clock::time_point now) {
  const base::MutexLock lock(mutex_);
  const double passed = Seconds(now - at_).count();
  at_ = now;
  if (fullness >= kFull) return kMuchTooLate;
  if (fullness < kBehind || sealed_per_second_ == 0) {
    ahead_ = 0;
    return 0;
  }
  const double pace = sealed_per_second_ * (1 + kCorrection * (kBalance - fullness));
  ahead_ = std::max(0.0, ahead_ - std::max(passed, 0.0) * pace);
  return ahead_ / pace / Seconds(wait).count();
}

}  // namespace spandrel::columnar
