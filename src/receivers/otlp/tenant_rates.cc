// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/tenant_rates.h"

#include <algorithm>
#include <utility>

#include "base/tenant_name.h"
#include "config/document.h"

namespace spandrel::receivers {
namespace {

using base::Status;
using base::StatusCode;

constexpr size_t kMaxTenants = 10'000;
constexpr double kSecond = 1e9;

double SecondsBetween(std::chrono::steady_clock::time_point from,
                      std::chrono::steady_clock::time_point to) {
  return static_cast<double>(std::chrono::nanoseconds(to - from).count()) / kSecond;
}

TenantLimit DecodeLimit(config::Decoder& block) {
  TenantLimit limit;
  config::ByteSize bytes;
  int64_t items = 0;
  block.Read("bytes_per_second", &bytes);
  block.Read("items_per_second", &items);
  if (items < 0) block.Error("items_per_second", "must not be negative");
  limit.bytes_per_second = bytes.bytes;
  limit.items_per_second = static_cast<uint64_t>(std::max<int64_t>(items, 0));
  return limit;
}

}  // namespace

const TenantLimit& TenantLimits::Of(const std::string& tenant) const {
  const auto found = by_tenant.find(tenant);
  return found == by_tenant.end() ? each : found->second;
}

bool TenantLimits::any() const {
  return each.bytes_per_second > 0 || each.items_per_second > 0 || !by_tenant.empty();
}

TenantLimits DecodeTenantLimits(config::Decoder& receiver) {
  config::Decoder block = receiver.Child("tenant_limits");
  TenantLimits limits{DecodeLimit(block), {}};
  const config::Node* node = block.ReadAny("by_tenant");
  config::Decoder tenants = block.Child("by_tenant");
  if (node == nullptr) return limits;
  for (const config::NodeEntry& entry : node->entries) {
    config::Decoder one = tenants.Child(entry.key);
    if (!base::IsTenantName(entry.key)) one.Error("", "no name of a tenant");
    limits.by_tenant.insert_or_assign(entry.key, DecodeLimit(one));
  }
  return limits;
}

Status TenantRates::TakeBytes(const std::string& tenant, uint64_t bytes) {
  const TimePoint now = clock_.NowSteady();
  const base::MutexLock lock(mutex_);
  return Take(&Find(tenant, now).bytes, limits_.Of(tenant).bytes_per_second, bytes, now);
}

Status TenantRates::TakeItems(const std::string& tenant, uint64_t items) {
  const TimePoint now = clock_.NowSteady();
  const base::MutexLock lock(mutex_);
  return Take(&Find(tenant, now).items, limits_.Of(tenant).items_per_second, items, now);
}

Status TenantRates::Take(Bucket* bucket, uint64_t rate, uint64_t amount, TimePoint now) {
  if (rate == 0) return {};
  const auto full = static_cast<double>(rate);
  const double earned = full * SecondsBetween(bucket->filled_at, now);
  bucket->left = std::min(full, bucket->left + earned);
  bucket->filled_at = now;
  if (bucket->left > 0) {
    bucket->left -= static_cast<double>(amount);
    return {};
  }
  Status status(StatusCode::kResourceExhausted, "this tenant has sent what it may; come again");
  const auto wait = static_cast<int64_t>(-bucket->left / full * 1e3) + 1;
  status.set_retry_after(std::chrono::milliseconds(wait));
  return status;
}

TenantRates::Buckets& TenantRates::Find(const std::string& tenant, TimePoint now) {
  const auto found = buckets_.find(tenant);
  if (found != buckets_.end()) return found->second;
  if (buckets_.size() >= kMaxTenants) {
    // Who has sent nothing for a minute is as good as new.
    std::erase_if(buckets_, [now](const auto& entry) {
      const auto last = std::max(entry.second.bytes.filled_at, entry.second.items.filled_at);
      return now - last > std::chrono::minutes(1);
    });
  }
  const std::string& name = buckets_.size() >= kMaxTenants ? std::string() : tenant;
  return buckets_[name];
}

}  // namespace spandrel::receivers
