// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "config/decode.h"

namespace spandrel::receivers {

// What a tenant may send; 0: as much as it likes.
struct TenantLimit {
  uint64_t bytes_per_second = 0;  // of requests, decompressed
  uint64_t items_per_second = 0;  // spans, data points, log records
};

struct TenantLimits {
  TenantLimit each;
  std::map<std::string, TenantLimit, std::less<>> by_tenant;  // instead of `each`

  const TenantLimit& Of(const std::string& tenant) const;
  bool any() const;
};

// `tenant_limits: {bytes_per_second, items_per_second, by_tenant: {shop: {...}}}` of a receiver.
TenantLimits DecodeTenantLimits(config::Decoder& receiver);

// Counts what tenants send against their limits. Each has a bucket that a second fills; who takes
// more than is in it owes the rest, and is told when the debt is paid. Senders without a tenant
// share one, as do those beyond 10,000 busy ones. Thread-safe.
class TenantRates {
 public:
  explicit TenantRates(TenantLimits limits, const base::Clock& clock = base::SystemClock())
      : limits_(std::move(limits)), clock_(clock) {}

  // RESOURCE_EXHAUSTED, with when to come again, while the tenant is in debt; else it is taken.
  base::Status TakeBytes(const std::string& tenant, uint64_t bytes);
  base::Status TakeItems(const std::string& tenant, uint64_t items);

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Bucket {
    double left = 0;
    TimePoint filled_at;
  };
  struct Buckets {
    Bucket bytes;
    Bucket items;
  };

  static base::Status Take(Bucket* bucket, uint64_t rate, uint64_t amount, TimePoint now);
  Buckets& Find(const std::string& tenant, TimePoint now) SPANDREL_REQUIRES(mutex_);

  const TenantLimits limits_;
  const base::Clock& clock_;
  base::Mutex mutex_;
  std::map<std::string, Buckets> buckets_ SPANDREL_GUARDED_BY(mutex_);
};

}  // namespace spandrel::receivers
