// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/metrics.h"

namespace spandrel::columnar {

// Counts what of the log could not be brought back.
class LogDamage {
 public:
  explicit LogDamage(base::MetricRegistry& metrics)
      : bytes_(metrics.AddCounter("spandrel_store_damaged_log_bytes_total")),
        places_(metrics.AddCounter("spandrel_store_damaged_log_places_total")),
        mended_bits_(metrics.AddCounter("spandrel_store_mended_log_bits_total")),
        missing_(metrics.AddCounter("spandrel_store_missing_log_requests_total")) {}

  void Count(uint64_t places, uint64_t bytes) {
    places_.Add(places);
    bytes_.Add(bytes);
  }
  void CountMended(uint64_t bits) { mended_bits_.Add(bits); }
  void CountMissing(uint64_t requests) { missing_.Add(requests); }

 private:
  base::Counter& bytes_;
  base::Counter& places_;
  base::Counter& mended_bits_;
  base::Counter& missing_;
};

}  // namespace spandrel::columnar
