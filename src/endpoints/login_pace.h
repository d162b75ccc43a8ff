// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"
#include "endpoints/digest.h"

namespace spandrel::endpoints {

// Slows down who guesses passwords. After five wrong ones for a user the next is looked at a second
// later, then two, four, ... a minute at most; a right one, or a quarter of an hour without a wrong
// one, begins anew. Users are counted in a table of fixed size, at places that nobody outside can
// know: no number of names makes it grow or forget, and two users at one place wait for each other.
// Thread-safe.
class LoginPace {
 public:
  explicit LoginPace(const base::Clock& clock = base::SystemClock());

  // Until a password of `user` is looked at; 0: now.
  std::chrono::milliseconds WaitOf(std::string_view user) const;
  void NoteWrong(std::string_view user);
  void NoteRight(std::string_view user);

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr size_t kPlaces = 4096;
  struct Count {
    uint32_t wrong = 0;
    TimePoint last;
  };

  size_t PlaceOf(std::string_view user) const;

  const base::Clock& clock_;
  const Digest secret_;
  mutable base::Mutex mutex_;
  std::array<Count, kPlaces> counts_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::endpoints
