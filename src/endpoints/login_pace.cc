// SPDX-License-Identifier: Apache-2.0
#include "endpoints/login_pace.h"

#include <algorithm>
#include <string>

namespace spandrel::endpoints {
namespace {

using std::chrono::milliseconds;

constexpr uint32_t kFree = 5;
constexpr milliseconds kFirstPause{1'000};
constexpr milliseconds kLongestPause{60'000};
constexpr std::chrono::minutes kForgotten{15};

milliseconds PauseAfter(uint32_t wrong) {
  if (wrong < kFree) return milliseconds(0);
  const uint32_t doublings = std::min(wrong - kFree, 16U);
  return std::min(kFirstPause * (1U << doublings), kLongestPause);
}

}  // namespace

LoginPace::LoginPace(const base::Clock& clock) : clock_(clock), secret_(NewSecret()) {}

size_t LoginPace::PlaceOf(std::string_view user) const {
  std::string text(reinterpret_cast<const char*>(secret_.data()), secret_.size());
  const Digest digest = DigestOf(text.append(user));
  return (size_t{digest[0]} << 8 | digest[1]) % kPlaces;
}

milliseconds LoginPace::WaitOf(std::string_view user) const {
  const size_t place = PlaceOf(user);
  const base::MutexLock lock(mutex_);
  const Count& count = counts_[place];
  const auto since = clock_.NowSteady() - count.last;
  const milliseconds pause = PauseAfter(count.wrong);
  if (since >= pause) return milliseconds(0);
  return std::chrono::ceil<milliseconds>(pause - since);
}

void LoginPace::NoteWrong(std::string_view user) {
  const size_t place = PlaceOf(user);
  const base::MutexLock lock(mutex_);
  Count& count = counts_[place];
  const TimePoint now = clock_.NowSteady();
  if (now - count.last > kForgotten) count.wrong = 0;
  ++count.wrong;
  count.last = now;
}

void LoginPace::NoteRight(std::string_view user) {
  const size_t place = PlaceOf(user);
  const base::MutexLock lock(mutex_);
  counts_[place].wrong = 0;
}

}  // namespace spandrel::endpoints
