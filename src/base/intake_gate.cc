// SPDX-License-Identifier: Apache-2.0
#include "base/intake_gate.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace spandrel::base {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kWindow{500};
constexpr milliseconds kIdle{2'000};  // after it, what was learnt is forgotten
constexpr milliseconds kLeastDelay{100};
constexpr milliseconds kMostDelay{10'000};
constexpr uint64_t kMostRefused = 2;  // for each that is taken
// Up to which lateness is taken who has had little, and what is there already.
constexpr double kMuchTooLate = 1.5;

// Of the address without its port.
size_t HashOf(std::string_view sender) {
  const size_t colon = sender.rfind(':');
  if (colon != std::string_view::npos && !sender.ends_with(']')) sender = sender.substr(0, colon);
  return std::hash<std::string_view>()(sender);
}

}  // namespace

IntakeGate::IntakeGate(MetricRegistry& metrics) : delay_(kLeastDelay) {
  constexpr std::array<const char*, kReasonCount> kNames = {"late", "memory"};
  for (size_t i = 0; i < counters_.size(); ++i) {
    counters_[i] =
        &metrics.AddCounter("spandrel_intake_refused_requests_total", {{"reason", kNames[i]}});
  }
}

std::shared_ptr<void> IntakeGate::Add(Lateness lateness) {
  auto added = std::make_shared<const Lateness>(std::move(lateness));
  const MutexLock lock(sources_->mutex);
  sources_->all.push_back(added);
  return {const_cast<Lateness*>(added.get()), [added, sources = sources_](void*) {
            const MutexLock removing(sources->mutex);
            std::erase(sources->all, added);
          }};
}

Status IntakeGate::Admit(Work work, std::string_view sender, TimePoint now) {
  const double lateness = work == Work::kStored ? WorstLateness() : 0;
  const MutexLock lock(mutex_);
  Turn(now);
  if (is_short_) return Refuse(kMemory);
  Taken& taken = taken_[HashOf(sender) % kSenders];
  const bool has_had_little = 2 * std::max(taken.now, taken.before) < share_;
  if (lateness > (has_had_little ? kMuchTooLate : 1)) return Refuse(kLate);
  ++taken.now;
  return {};
}

Status IntakeGate::Confirm(Work work, TimePoint now) {
  const double lateness = work == Work::kStored ? WorstLateness() : 0;
  if (!is_short_ && lateness <= kMuchTooLate) return {};
  const MutexLock lock(mutex_);
  Turn(now);
  return Refuse(is_short_ ? kMemory : kLate);
}

double IntakeGate::WorstLateness() const {
  double worst = 0;
  const MutexLock lock(sources_->mutex);
  for (const auto& lateness : sources_->all) worst = std::max(worst, (*lateness)());
  return worst;
}

Status IntakeGate::Refuse(Reason reason) {
  counters_[reason]->Add();
  ++refused_;
  return Status::Unavailable(
      reason == kMemory ? "no memory for the request now" : "what came now would be stored late",
      NextDelay());
}

void IntakeGate::Turn(TimePoint now) {
  if (now - window_began_ < kWindow) return;
  uint64_t total = 0;
  uint64_t senders = 0;
  for (Taken& taken : taken_) {
    total += taken.now;
    senders += taken.now > 0 ? 1 : 0;
    taken = {0, taken.now};
  }
  AdaptDelay(now, total);
  share_ = senders == 0 ? 0 : total / senders;
  refused_ = 0;
  window_began_ = now;
}

// Waits are right when some more come back than are taken: with fewer there may be none when there
// is room, and with many times as many refusing is too much work.
void IntakeGate::AdaptDelay(TimePoint now, uint64_t taken) {
  if (now - window_began_ >= kIdle) {
    delay_ = kLeastDelay;
  } else if (refused_ > kMostRefused * taken) {
    delay_ = std::min(delay_ * 3 / 2, kMostDelay);
  } else if (refused_ < taken / 2) {
    delay_ = std::max(delay_ * 2 / 3, kLeastDelay);
  }
}

// Between half and one and a half times the delay, so that those who were refused together do not
// come back together.
milliseconds IntakeGate::NextDelay() {
  random_ = random_ * 1'664'525 + 1'013'904'223;
  return delay_ / 2 + delay_ * (random_ >> 16) / (1 << 16);
}

}  // namespace spandrel::base
