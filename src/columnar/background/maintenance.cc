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

Maintenance::Maintenance(const EngineOptions& options, Tenants tenants, IsQuiet is_quiet,
                         base::MetricRegistry& metrics)
    : options_(options),
      tenants_(std::move(tenants)),
      is_quiet_(std::move(is_quiet)),
      failures_(metrics.AddCounter("spandrel_store_maintenance_failures_total")),
      last_scrub_(options.clock->NowSteady()) {}

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
  base::Status failure;
  bool any = false;
  for (const auto& tenant : tenants_()) {
    const Upkeep::Sealed sealed = tenant->Seal();
    any |= sealed.any;
    if (sealed.due_in) due_in = Sooner(due_in, *sealed.due_in);
    if (failure.ok()) failure = sealed.status;
  }
  if (NoteRound(failure, &Maintenance::sealing_)) due_in = Sooner(due_in, kRetryAfterFailure);
  if (!any) return due_in;
  // Under load the freed memory is wanted again at once; giving it back would only cost faults.
  if (is_quiet_()) ::malloc_trim(0);
  tidier_.Wake();
  return due_in;
}

std::optional<milliseconds> Maintenance::TidyRound() {
  base::Status failure;
  const std::vector<std::shared_ptr<Upkeep>> tenants = tenants_();
  FindDamage(tenants);
  for (const auto& tenant : tenants) {
    base::Status status = tenant->Tidy();
    if (failure.ok()) failure = std::move(status);
  }
  return NoteRound(failure, &Maintenance::tidying_) ? kRetryAfterFailure : kExpiryInterval;
}

// As many bytes as the time since the last round is worth, of all tenants together.
void Maintenance::FindDamage(const std::vector<std::shared_ptr<Upkeep>>& tenants) {
  using Seconds = std::chrono::duration<double>;
  const auto now = options_.clock->NowSteady();
  const double elapsed = Seconds(now - std::exchange(last_scrub_, now)).count();
  auto budget =
      static_cast<uint64_t>(elapsed * static_cast<double>(options_.scrub_bytes_per_second));
  for (const auto& tenant : tenants) tenant->FindDamage(&budget);
}

base::Status Maintenance::failure() const {
  base::MutexLock lock(mutex_);
  const Rounds& worse = sealing_.failure.ok() ? tidying_ : sealing_;
  return worse.failure.ok() ? base::Status()
                            : worse.failure.Annotate(std::string("cannot ") + worse.what);
}

bool Maintenance::NoteRound(const base::Status& failure, Rounds Maintenance::*which) {
  if (!failure.ok()) failures_.Add();
  base::MutexLock lock(mutex_);
  Rounds& rounds = this->*which;
  const bool changed = failure.message() != rounds.failure.message();
  rounds.failure = failure;
  if (changed && failure.ok()) base::LogInfo("can {} again", rounds.what);
  if (changed && !failure.ok()) {
    base::LogError("cannot {}, trying again: {}", rounds.what, failure.message());
  }
  return !failure.ok();
}

}  // namespace spandrel::columnar
