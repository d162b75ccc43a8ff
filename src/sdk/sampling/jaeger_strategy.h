// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "sdk/sampling/rate_limit.h"
#include "sdk/sampling/sampling.h"

namespace spandrel::sdk {

// What a Jaeger sampling endpoint answers (SamplingStrategyResponse as JSON): a share of the
// traces, so many traces a second, or a share for each operation with a floor a second.
// Thread-safe.
class JaegerStrategy {
 public:
  // A share of all traces.
  explicit JaegerStrategy(double ratio);

  // INVALID_ARGUMENT when it is not such an answer; operations beyond 2,000 are left out.
  static base::Result<std::shared_ptr<JaegerStrategy>> FromJson(std::string_view json);

  SampleResult Sample(const SamplingInput& input);

 private:
  struct Share {
    explicit Share(double share_ratio, double floor_per_second = 0);
    SampleResult Sample(uint64_t random);

    const double ratio;
    const uint64_t threshold;
    RateLimit floor;
  };
  struct Parser;

  std::unique_ptr<Share> default_;    // null: `limit_` decides
  std::unique_ptr<RateLimit> limit_;  // null: `default_` decides
  double traces_per_second_ = 0;      // of `limit_`
  std::map<std::string, std::unique_ptr<Share>, std::less<>> by_operation_;
};

}  // namespace spandrel::sdk
