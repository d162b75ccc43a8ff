// SPDX-License-Identifier: Apache-2.0
#include "columnar/background/maintenance.h"

#include <malloc.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace spandrel::columnar {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetryAfterFailure{1000};
constexpr milliseconds kExpiryInterval{60'000};

milliseconds Sooner(const std::optional<milliseconds>& known, milliseconds other) {
  return known ? std::min(*known, other) : other;
}

}  // namespace

Maintenance::Maintenance(Tenants tenants, IsQuiet is_quiet, base::MetricRegistry& metrics)
    : tenants_(std::move(tenants)),
      is_quiet_(std::move(is_quiet)),
      failures_(metrics.AddCounter("spandrel_store_maintenance_failures_total")) {}

void Maintenance::Start() {
  sealer_.Start("spandrel-seal", [this] { return SealRound(); });
  tidier_.Start("spandrel-tidy", [this] { return TidyRound(); });
  sealer_.Wake();
  tidier_.Wake();
}

void Maintenance::Stop() {
  sealer_.Stop();
  tidier_.Stop();
  for (const auto& tenant : tenants_()) tenant->Close();
}

void Maintenance::RunNow() {
  for (const auto& tenant : tenants_()) tenant->SealAllSoon();
  sealer_.RunNow();
  tidier_.RunNow();
}

std::optional<milliseconds> Maintenance::SealRound() {
  std::optional<milliseconds> due_in;
  bool any = false;
  for (const auto& tenant : tenants_()) {
    const Upkeep::Sealed sealed = tenant->Seal();
    any |= sealed.any;
    if (sealed.due_in) due_in = Sooner(due_in, *sealed.due_in);
    if (HasFailed(sealed.status, "seal")) due_in = Sooner(due_in, kRetryAfterFailure);
  }
  if (!any) return due_in;
  // Under load the freed memory is wanted again at once; giving it back would only cost faults.
  if (is_quiet_()) ::malloc_trim(0);
  tidier_.Wake();
  return due_in;
}

std::optional<milliseconds> Maintenance::TidyRound() {
  milliseconds due_in = kExpiryInterval;
  for (const auto& tenant : tenants_()) {
    if (HasFailed(tenant->Tidy(), "tidy up")) due_in = kRetryAfterFailure;
  }
  return due_in;
}

bool Maintenance::HasFailed(const base::Status& status, const char* what) {
  if (status.ok()) return false;
  failures_.Add();
  base::LogError("cannot {}, trying again: {}", what, status.message());
  return true;
}

}  // namespace spandrel::columnar
