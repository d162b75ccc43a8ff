// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

namespace spandrel::base {
namespace {

class RealClock final : public Clock {
 public:
  uint64_t NowUnixNano() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count());
  }
  std::chrono::steady_clock::time_point NowSteady() const override {
    return std::chrono::steady_clock::now();
  }
};

}  // namespace

const Clock& SystemClock() {
  static const RealClock clock;
  return clock;
}

}  // namespace spandrel::base
