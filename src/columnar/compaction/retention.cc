// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/retention.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "columnar/compaction/retention_file.h"

namespace spandrel::columnar {
namespace {

constexpr uint64_t kSaveEveryNano = 3'600'000'000'000;
constexpr uint64_t kLargestDefaultMinFree = uint64_t{2} << 30;

struct DiskSpace {
  uint64_t total = 0;
  uint64_t free = 0;  // for who is not root
};

std::optional<DiskSpace> SpaceOf(const std::string& directory) {
  struct statvfs facts {};
  if (::statvfs(directory.c_str(), &facts) != 0) return std::nullopt;
  return DiskSpace{uint64_t{facts.f_blocks} * facts.f_frsize,
                   uint64_t{facts.f_bavail} * facts.f_frsize};
}

uint64_t MinFreeOf(const EngineOptions& options, const DiskSpace& space) {
  return options.min_free_bytes.value_or(std::min(space.total / 20, kLargestDefaultMinFree));
}

}  // namespace

uint64_t MinFreeBytes(const EngineOptions& options, const std::string& directory) {
  const auto space = SpaceOf(directory);
  return space ? MinFreeOf(options, *space) : 0;
}

uint64_t FreeDiskBytes(const std::string& directory) {
  const auto space = SpaceOf(directory);
  return space ? space->free : 0;
}

Retention::Retention(const EngineOptions& options, StoreLayout layout,
                     base::MetricRegistry& metrics)
    : options_(options), layout_(std::move(layout)) {
  for (size_t i = 0; i < kExpiryReasonCount; ++i) {
    const std::string reason(ExpiryReasonName(static_cast<ExpiryReason>(i)));
    expired_spans_[i] =
        &metrics.AddCounter("spandrel_store_expired_spans_total", {{"reason", reason}});
  }
  for (size_t i = 0; i < kPolicyOutcomeCount; ++i) {
    const std::string outcome(PolicyOutcomeName(static_cast<PolicyOutcome>(i)));
    policy_traces_[i] =
        &metrics.AddCounter("spandrel_store_policy_traces_total", {{"outcome", outcome}});
  }
}

std::vector<ExpiredPart> Retention::Choose(const std::vector<PartFacts>& parts) {
  MoveClock();
  return ChooseExpired(parts, Facts(), options_);
}

void Retention::CountDropped(const std::vector<PartFacts>& parts,
                             const std::vector<ExpiredPart>& dropped) {
  std::array<uint64_t, kExpiryReasonCount> spans{};
  for (const ExpiredPart& part : dropped) {
    spans[static_cast<size_t>(part.reason)] += parts[part.at].spans;
  }
  for (size_t i = 0; i < kExpiryReasonCount; ++i) {
    if (spans[i] == 0) continue;
    expired_spans_[i]->Add(spans[i]);
    const auto reason = static_cast<ExpiryReason>(i);
    const auto log =
        reason == ExpiryReason::kFreeDisk ? base::LogLevel::kWarn : base::LogLevel::kInfo;
    base::Log(log, "{}: {} spans dropped by retention ({})", layout_.root, spans[i],
              ExpiryReasonName(reason));
  }
}

void Retention::Start(const std::vector<PartFacts>& parts) {
  saved_ = LoadRetentionClock(layout_);
  clock_ = StartRetentionClock(saved_, parts, options_.clock->NowUnixNano());
  moved_at_ = options_.clock->NowSteady();
  if (saved_ == 0) Save();
}

void Retention::MoveClock() {
  const auto steady = options_.clock->NowSteady();
  clock_ = AdvanceRetentionClock(clock_, steady - moved_at_, options_.clock->NowUnixNano());
  moved_at_ = steady;
  if (clock_ - saved_ >= kSaveEveryNano) Save();
}

// A wall clock that went back is believed: nothing is older than it says.
uint64_t Retention::Now() const {
  return std::min(clock_, options_.clock->NowUnixNano());
}

std::optional<size_t> Retention::ChooseForPolicy(const std::vector<PartFacts>& parts) const {
  return columnar::ChooseForPolicy(parts, Now(), options_.policy);
}

void Retention::CountPolicy(const PolicyResult& result) {
  for (size_t i = 0; i < kPolicyOutcomeCount; ++i) policy_traces_[i]->Add(result.traces[i]);
  if (result.dropped_spans == 0) return;
  expired_spans_[static_cast<size_t>(ExpiryReason::kPolicy)]->Add(result.dropped_spans);
  base::LogInfo("{}: {} of {} spans of a part dropped by retention (policy)", layout_.root,
                result.dropped_spans, result.dropped_spans + result.kept_spans);
}

RetentionFacts Retention::Facts() const {
  RetentionFacts facts;
  facts.now_unix_nano = Now();
  if (const auto space = SpaceOf(layout_.root)) {
    facts.free_disk_bytes = space->free;
    facts.min_free_bytes = MinFreeOf(options_, *space);
  }
  return facts;
}

void Retention::Save() {
  if (clock_ == saved_) return;
  const base::Status saved = SaveRetentionClock(layout_, clock_);
  if (!saved.ok()) base::LogWarn("retention clock not saved: {}", saved.message());
  saved_ = clock_;
}

}  // namespace spandrel::columnar
